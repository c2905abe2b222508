# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# What the namespace scripts share. A script sources this file, then
#
#	plan N		says how many tests it has (begin and finish included)
#	begin [vtun]	test: nothing of an earlier run is left; loads vtun.ko
#	check …		one test each
#	finish		test: everything is gone again and the kernel is quiet
#
# Output is KTAP. Exit status: 0 all passed, 1 some failed, 4 skipped.
# Environment:	FULL=1	long variants
#		SLOW=N	factor of every bounded wait; 5 on a debug kernel
#		VERBOSE=1	output of passing checks too
#		VTUN_KO		the module (build/RELEASE/vtun.ko)

set -u -o pipefail
shopt -s nullglob

ME=$(basename "${0%.sh}")
HERE=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
TREE=$(readlink -f "$HERE/../..")
BUILD=${BUILD:-$TREE/build}
BIN=${BIN:-$BUILD/bin}
TOOLS=${TOOLS:-$BUILD/selftests}
PATH=$BIN:$TOOLS:$PATH
KERNEL=$(uname -r)
KO=${VTUN_KO:-$BUILD/$KERNEL/vtun.ko}
FULL=${FULL:-0}
# how much longer than on a stock kernel things take; waits are scaled by it,
# and who counts in thousands may divide by it
case $KERNEL in
*-debug*) SLOW=${SLOW:-5} ;;
*) SLOW=${SLOW:-1} ;;
esac
export SLOW
TMP=$(mktemp -d "${TMPDIR:-/tmp}/$ME.XXXXXX")
# shellcheck disable=SC2034 # for the scripts
{
OUT4_A=192.0.2.1 OUT4_B=192.0.2.2 OUT6_A=2001:db8::1 OUT6_B=2001:db8::2
}

# ---- KTAP ----

KTAP_N=0 KTAP_FAILED=0 KTAP_SKIPPED=0 KTAP_PLAN=0
T0=${EPOCHREALTIME/./}

note() { printf '# %s\n' "$*"; }

plan() {
	KTAP_PLAN=$1
	echo "KTAP version 1"
	echo "1..$1"
}

skip_all() { # REASON: before or after the plan
	[ "$KTAP_PLAN" != 0 ] || { echo "KTAP version 1"; echo "1..0 # SKIP $*"; }
	note "skipped: $*"
	exit 4
}

pass() { echo "ok $((++KTAP_N)) $*"; }
fail() { KTAP_FAILED=$((KTAP_FAILED + 1)); echo "not ok $((++KTAP_N)) $*"; }
skip() { # DESCRIPTION REASON
	KTAP_SKIPPED=$((KTAP_SKIPPED + 1))
	echo "ok $((++KTAP_N)) $1 # SKIP $2"
}

# check DESCRIPTION COMMAND…: a test; what the command says is shown if it fails
check() {
	local what=$1 rc=0
	shift
	"$@" > "$TMP/out" 2>&1 || rc=$?
	if [ $rc = 0 ]; then
		pass "$what"
		[ "${VERBOSE:-0}" = 0 ] || sed 's/^/# /' "$TMP/out"
	else
		fail "$what"
		sed 's/^/# /' "$TMP/out"
		note "status $rc: $*"
	fi
	return $rc
}

# refuse DESCRIPTION PATTERN COMMAND…: a test; it must fail and say PATTERN
refuse() {
	local what=$1 pattern=$2 rc=0
	shift 2
	"$@" > "$TMP/out" 2>&1 || rc=$?
	if [ $rc = 0 ]; then
		fail "$what"
		note "was accepted: $*"
	elif ! grep -qiE -- "$pattern" "$TMP/out"; then
		fail "$what"
		sed 's/^/# /' "$TMP/out"
		note "does not say /$pattern/: $*"
	else
		pass "$what"
	fi
}

# equal WANT GOT: for use with check
equal() {
	[ "$1" = "$2" ] || { echo "wanted '$1', got '$2'"; return 1; }
}

# between LOW HIGH GOT
between() {
	if [ "$3" -lt "$1" ] || [ "$3" -gt "$2" ]; then
		echo "wanted $1 to $2, got $3"
		return 1
	fi
}

not() { ! "$@"; }

# wait_until SECONDS COMMAND…: polls; the last try speaks
wait_until() {
	local end=$((${EPOCHREALTIME/./} + ${1}000000 * SLOW))
	shift
	until "$@" > /dev/null 2>&1; do
		if [ "${EPOCHREALTIME/./}" -ge "$end" ]; then
			"$@"
			return
		fi
		pause 0.05
	done
}

# a wait that costs no process
mkfifo "$TMP/never"
exec {NEVER}<> "$TMP/never"
pause() { read -r -t "$1" -u "$NEVER" || :; }

ms_since() { echo $(((${EPOCHREALTIME/./} - $1) / 1000)); }

# ---- begin and finish ----

PIDS=()
our_ns() { # without a process, into OUR_NS
	OUR_NS=(/run/netns/"$ME"-*)
	OUR_NS=("${OUR_NS[@]##*/}")
}

nothing_left() {
	local rc=0 left
	our_ns
	[ ${#OUR_NS[@]} = 0 ] || { echo "namespaces left: ${OUR_NS[*]}"; rc=1; }
	if [ -d /sys/module/vtun ]; then
		left=$(ip -br link show type vtun)
		[ -z "$left" ] || { echo "devices left: $left"; rc=1; }
		sas_balanced || rc=1
	fi
	return $rc
}

live_is() { # OBJECTS N
	local n
	read -r n < "/sys/module/vtun/parameters/live_$1"
	equal "$2" "$n"
}

# The module counts what it creates and frees, over all namespaces
sas_balanced() {
	local p=/sys/module/vtun/parameters n=$((${EPOCHREALTIME/./} + 30000000))
	local file left
	for file in "$p"/live_*; do
		# the last reference goes with an RCU grace period
		while read -r left < "$file"; [ "$left" != 0 ]; do
			[ "${EPOCHREALTIME/./}" -lt $n ] || {
				echo "${file##*/live_} alive: $left"
				return 1
			}
			pause 0.05
		done
	done
}

quiet_kernel() {
	local bad
	bad=$(dmesg | sed "1,/selftest $ME begins $$/d" | grep -E -f "$TREE/selftests/vm/splats")
	[ -z "$bad" ] && return
	dmesg | sed "1,/selftest $ME begins $$/d" | tail -60
	return 1
}

load_module() {
	local loaded=/run/vtun-was-loaded
	[ ! -d /sys/module/vtun ] || return 0
	[ -e "$KO" ] || { echo "$KO is not built"; return 1; }
	if [ -e $loaded ]; then
		# all it asks for is there: no modprobe for each cipher that is
		# put together
		no_modprobe insmod "$KO"
		return
	fi
	# what modprobe would have resolved
	modprobe -qa udp_tunnel ip6_udp_tunnel libchacha20poly1305 \
		chacha20poly1305 gcm ghash-generic aesni_intel \
		ghash_clmulni_intel xfrm_user esp4 esp6 tunnel4 tunnel6 || :
	insmod "$KO" && : > $loaded
}

# no_modprobe COMMAND…: meanwhile the kernel loads nothing by itself
no_modprobe() {
	local rc=0 path
	read -r path < /proc/sys/kernel/modprobe
	echo > /proc/sys/kernel/modprobe
	"$@" || rc=$?
	echo "$path" > /proc/sys/kernel/modprobe
	return $rc
}

begin() { # [vtun]
	[ "$(id -u)" = 0 ] || skip_all "needs root"
	trap 'on_exit' EXIT
	trap 'exit 1' INT TERM
	if [ "${1:-}" = vtun ]; then
		if ! load_module > "$TMP/out" 2>&1; then
			fail "the module loads"
			sed 's/^/# /' "$TMP/out"
			exit 1
		fi
		[ -x "$BIN/vtunctl" ] || skip_all "$BIN/vtunctl is not built"
	fi
	echo "selftest $ME begins $$" > /dev/kmsg
	check "nothing is left of an earlier run" nothing_left
}

cleanup() {
	local n pid
	for pid in "${PIDS[@]}"; do
		kill "$pid" 2>/dev/null
	done
	our_ns
	for n in "${OUR_NS[@]}"; do
		for pid in $(ip netns pids "$n"); do
			kill -9 "$pid" 2>/dev/null
		done
		ip netns del "$n"
	done
	wait 2>/dev/null
	PIDS=()
	# namespaces die in a kernel thread
	wait_until 5 no_vtun_dev > /dev/null
}

no_vtun_dev() {
	[ ! -d /sys/module/vtun ] || [ -z "$(ip -br link show type vtun)" ]
}

clean_and_quiet() {
	cleanup
	nothing_left && quiet_kernel
}

finish() {
	check "nothing is left and the kernel is quiet" clean_and_quiet
	exit
}

on_exit() {
	local rc=$?
	trap - EXIT
	cleanup
	rm -rf "$TMP"
	[ $rc != 4 ] || exit 4
	if [ "$KTAP_N" != "$KTAP_PLAN" ]; then
		note "planned $KTAP_PLAN tests, ran $KTAP_N"
		KTAP_FAILED=$((KTAP_FAILED + 1))
	fi
	note "totals: $((KTAP_N - KTAP_FAILED)) passed, $KTAP_FAILED failed," \
		"$KTAP_SKIPPED skipped, $(ms_since "$T0") ms"
	[ "$KTAP_FAILED" = 0 ] && exit 0
	exit 1
}

# ---- namespaces ----

# "ip netns exec" and "ip -n" copy all mounts for each command, see nsrun.c
in_ns() { nsrun "$ME-$1" "${@:2}"; }
in_sys() { ip netns exec "$ME-$1" "${@:2}"; } # with its /sys/class/net
ipn() { nsrun "$ME-$1" ip "${@:2}"; }
bg_ns() { # NS COMMAND…: in the background; ended by cleanup; pid in $!
	nsrun "$ME-$1" "${@:2}" &
	PIDS+=($!)
}
quiesce() { # end what runs in the background
	local pid
	for pid in "${PIDS[@]}"; do
		kill "$pid"
		wait "$pid"
	done 2> /dev/null
	PIDS=()
}

ns_add() {
	local n
	for n; do
		ip netns add "$ME-$n"
		ipn "$n" link set lo up
		in_ns "$n" sh -c 'cd /proc/sys/net
			echo 0 > ipv6/conf/default/router_solicitations
			echo 1 > ipv4/ip_forward
			echo 1 > ipv6/conf/all/forwarding'
	done
}

ns_del() {
	local n
	for n; do
		ip netns del "$ME-$n"
	done
}

# a namespace lives as long as somebody is in it
end_ns() {
	local n pid
	for n; do
		for pid in $(ip netns pids "$ME-$n"); do
			kill -9 "$pid"
		done
		ns_del "$n" || return
	done
}

# link_pair NS-A DEV-A NS-B DEV-B: a veth pair, up, with both outer addresses
link_pair() {
	ip link add "$2" netns "$ME-$1" type veth peer name "$4" netns "$ME-$3"
	ipn "$1" -batch - <<-X
	addr add $OUT4_A/24 dev $2
	addr add $OUT6_A/64 dev $2 nodad
	link set $2 up
	X
	ipn "$3" -batch - <<-X
	addr add $OUT4_B/24 dev $4
	addr add $OUT6_B/64 dev $4 nodad
	link set $4 up
	X
	wait_until 5 links_ready "$1" "$2" "$3" "$4"
}

links_ready() { link_ready "$1" "$2" && link_ready "$3" "$4"; }
link_ready() { # NS DEV
	local now
	now=$(ipn "$1" addr show dev "$2") &&
	[[ $now == *LOWER_UP* && $now != *tentative* ]]
}

outer() { # a|b FAMILY
	local v=OUT$2_${1^^}
	echo "${!v}"
}

# serve NS PROGRAM ARGS…: a server program that writes a ready file
serve() {
	local n=$1 ready=$TMP/ready.$RANDOM
	shift
	bg_ns "$n" "$@" -r "$ready"
	wait_until 10 test -s "$ready"
}

# ---- keys and SAs ----

key_octets() { # SUITE: with salt or integrity key
	local n=0
	case $1 in
	chacha20poly1305*|aes256*) n=32 ;;
	aes192*) n=24 ;;
	aes128*) n=16 ;;
	*) echo "no suite $1" >&2; return 1 ;;
	esac
	case $1 in
	*-sha1) n=$((n + 20)) ;;
	*-sha256) n=$((n + 32)) ;;
	*-sha384) n=$((n + 48)) ;;
	*-sha512) n=$((n + 64)) ;;
	*) n=$((n + 4)) ;;
	esac
	echo $n
}

# new_key FILE SUITE
new_key() {
	(umask 077; head -c "$(key_octets "$2")" /dev/urandom |
		od -An -v -tx1 | tr -d ' \n' > "$1")
}

xfrm_aead() { # SUITE
	case $1 in
	chacha20poly1305) echo 'rfc7539esp(chacha20,poly1305)' ;;
	*) echo 'rfc4106(gcm(aes))' ;;
	esac
}

# xfrm_sa SRC DST SPI SUITE KEYFILE ESN IF_ID SEQ: a line for ip -batch
xfrm_sa() {
	local seq='' flags=af-unspec
	[ "$6" != esn ] || flags="af-unspec esn"
	[ "$8" = 0 ] || seq="replay-seq $8 replay-oseq $8"
	echo "xfrm state add src $1 dst $2 proto esp spi $3 reqid $7" \
		"mode tunnel if_id $7 flag $flags replay-window 64 $seq" \
		"aead '$(xfrm_aead "$4")' 0x$(cat "$5") 128"
}

# xfrm_door LOCAL REMOTE IF_ID FAMILY: lines for ip -batch, policies of if_id
xfrm_door() {
	local any=0.0.0.0/0
	[ "$4" = 4 ] || any=::/0
	cat <<-X
	xfrm policy add src $any dst $any dir out if_id $3 tmpl src $1 dst $2 proto esp reqid $3 mode tunnel
	xfrm policy add src $any dst $any dir in if_id $3 tmpl src $2 dst $1 proto esp reqid $3 mode tunnel
	X
}

# ---- reading back ----

# vtun_get NS PATH: one value of `vtunctl show --json`, see jget.c
vtun_get() { jget -n "$ME-$1" "$2"; }

vtun_is() { # NS PATH VALUE: for wait_until and check
	local got
	got=$(vtun_get "$1" "$2")
	[ "$got" = "$3" ] || { echo "$2: wanted '$3', got '$got'"; return 1; }
}

vtun_drops() { # NS OBJECT-PATH REASON: 0 when absent
	local n
	n=$(vtun_get "$1" "$2.drops.$3" 2>/dev/null)
	echo "${n:-0}"
}

# sent_whole NS ADDRESS SIZE: one packet of SIZE octets of IP, DF set, what came
# of it in $TMP/ping
sent_whole() {
	local head=28
	[[ $2 != *:* ]] || head=48
	in_ns "$1" ping -n -c 1 -W $((1 + SLOW)) -M "do" -s $(($3 - head)) "$2" \
		> "$TMP/ping" 2>&1
}

too_long() { grep -qi "message too long" "$TMP/ping"; }

# told NS ADDRESS SIZE MTU: the first packet of SIZE octets of IP is answered by
# a Packet Too Big, or by the own kernel
told() {
	sent_whole "$1" "$2" "$3" && { echo "it was answered"; return 1; }
	cat "$TMP/ping"
	grep -qiE "mtu ?= ?$4([^0-9]|\$)|mtu: ?$4([^0-9]|\$)" "$TMP/ping" &&
		return
	# some ping names no number for IPv6: the kernel draws the line there
	too_long || return
	sent_whole "$1" "$2" $(($4 + 1))
	too_long || { echo "$4 + 1 is not refused"; return 1; }
	sent_whole "$1" "$2" "$4"
	! too_long || { echo "$4 is refused"; return 1; }
}

vtun_sum_drops() { # NS REASON: over every SA, child and the namespace
	in_ns "$1" vtunctl --json show | awk -v want="\"($2)\": *[0-9]+" '
		{
			rest = $0
			while (match(rest, want)) {
				one = substr(rest, RSTART, RLENGTH)
				rest = substr(rest, RSTART + RLENGTH)
				sub(/.*:/, "", one)
				n += one
			}
		}
		END { print n + 0 }'
}

# ---- two vtun gateways with manual keys ----
#
#	10.1.0.1 fd01::1 vt0 [a] va ---------- vb [b] vt0 10.2.0.1 fd02::1
#
# Child "c" of each; generation G of its SAs has the SPIs 0xa000 + G (from a)
# and 0xb000 + G (from b).

SUITE=${SUITE:-aes128gcm16}
OUTER=4
SPI_A=40960 SPI_B=45056

# vtun_pair [CHILD-WORDS…]: everything but the SAs
vtun_pair() {
	ns_add a b
	link_pair a va b vb
	vtun_gateway a b "$@" && vtun_gateway b a "$@"
}

vtun_gateway() { # NS PEER-NS [CHILD-WORDS…]
	local n=$1 o=$2 i=1 j=2
	shift 2
	[ "$n" = a ] || i=2 j=1
	ipn "$n" -batch - <<-X || return
	link add vt0 type vtun
	link set vt0 addrgenmode none up
	addr add 10.$i.0.1/24 dev vt0
	addr add fd0$i::1/64 dev vt0 nodad
	route add 10.$j.0.0/24 dev vt0 src 10.$i.0.1
	route add fd0$j::/64 dev vt0 src fd0$i::1
	X
	in_ns "$n" vtunctl child add c dev vt0 \
		local "$(outer "$n" $OUTER)" remote "$(outer "$o" $OUTER)" \
		local-ts "10.$i.0.0/24,fd0$i::/64" \
		remote-ts "10.$j.0.0/24,fd0$j::/64" "$@"
}

spi_of() { # a|b GENERATION: of the SA that this end sends on
	local base=$SPI_A
	[ "$1" = a ] || base=$SPI_B
	printf '0x%08x' $((base + $2))
}

gen_key() { # a|b GENERATION: file, made when first asked for
	local file=$TMP/key.$1.$2
	[ -e "$file" ] || new_key "$file" "$SUITE"
	echo "$file"
}

# vtun_install NS GENERATION [WORDS [IN-WORDS [OUT-WORDS]]]: words are for the
# transaction, the inbound and the outbound SA
vtun_install() {
	local n=$1 g=$2 o=b
	[ "$n" = a ] || o=a
	# shellcheck disable=SC2086 # words
	in_ns "$n" vtunctl sa install child c ${3:-} \
		in spi "$(spi_of $o "$g")" suite "$SUITE" \
		key "$(gen_key $o "$g")" ${4:-} \
		out spi "$(spi_of "$n" "$g")" suite "$SUITE" \
		key "$(gen_key "$n" "$g")" ${5:-}
}

# vtun_up [GENERATION]: both ends, at once
vtun_up() { vtun_install a "${1:-1}" && vtun_install b "${1:-1}"; }

sa_out() { echo "sas[dir=out,spi=$(spi_of "$1" "${2:-1}")]"; } # NS [GEN]
sa_in() { # NS [GEN]
	local o=b
	[ "$1" = a ] || o=a
	echo "sas[dir=in,spi=$(spi_of $o "${2:-1}")]"
}

# events NS: records what the module and the daemon of NS announce
events() {
	: > "$TMP/events.$1"
	bg_ns "$1" vtunctl --json monitor >> "$TMP/events.$1" 2> "$TMP/monitor.$1"
	# having subscribed, it says on stderr if there is no daemon
	wait_until "${2:-2}" test -s "$TMP/monitor.$1" > /dev/null || :
}

# event_count NS KEY=VALUE…: how many recorded events have all of these members;
# the number is in EVENT_N, the events in MATCHED
event_count() {
	local file=$TMP/events.$1 kv line patterns=()
	shift
	for kv; do
		patterns+=("\"${kv%%=*}\":\"?${kv#*=}\"?[,}]")
	done
	MATCHED=()
	while read -r line; do
		for kv in "${patterns[@]}"; do
			[[ $line =~ $kv ]] || continue 2
		done
		MATCHED+=("$line")
	done < "$file"
	EVENT_N=${#MATCHED[@]}
}

events_are() { # N NS KEY=VALUE…
	local want=$1
	shift
	event_count "$@"
	[ "$EVENT_N" = "$want" ] || {
		echo "$want events $* expected, got $EVENT_N"
		cat "$TMP/events.$1"
		return 1
	}
}
