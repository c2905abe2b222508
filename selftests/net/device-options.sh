#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What a vtun device can be told, by ip(8) and its plugin, and what it tells:
# defaults of its children, marks and VRFs for outer packets, dormant, drivers
# and drops for ethtool, tunnels in tunnels.
#
#	10.1.0.1 vt0 [a] va ------------- vb [b] vt0 10.2.0.1
#
# Proves: E-36 E-39 E-40 E-41 E-49, S-13, B46 B63 B72
# shellcheck source=selftests/net/lib.sh
. "$(dirname "$0")/lib.sh"

export IP_LIB_DIR=$BUILD/lib

has_jq() { command -v jq > /dev/null; }

# told NS DEV KEY VALUE: of IFLA_INFO_DATA, as ip shows it
told() {
	local got
	got=$(ipn "$1" -d -j link show "$2" |
		jq -r ".[0].linkinfo.info_data.$3 // \"absent\"")
	equal "$4" "$got"
}

told_all() { # NS DEV KEY=VALUE…
	local n=$1 dev=$2 kv
	shift 2
	for kv; do
		told "$n" "$dev" "${kv%%=*}" "${kv#*=}" || return
	done
}

state_is() { # NS DEV OPERSTATE CARRIER
	equal "$3 $4" "$(in_sys "$1" sh -c "cd /sys/class/net/$2 &&
		cat operstate carrier" | tr '\n' ' ' | sed 's/ $//')"
}

# shellcheck disable=SC2120 # check calls it, too
ping_ok() { in_ns a pings -n 3 -t 500 "${1:-10.2.0.1}" > /dev/null; }

drops_of() { in_ns a ethtool -S "$1" | awk -v k="$2:" '$1 == k { print $2 }'; }

# child c of a with other outer packets, the same SAs
again() { # WORDS of the device
	in_ns a vtunctl child del c
	ipn a link set vt0 type vtun "$@" || return
	in_ns a vtunctl child add c dev vt0 local $OUT4_A remote $OUT4_B &&
	vtun_install a $((++GEN)) && vtun_install b $GEN
}
GEN=1

marked() {
	ipn a -batch - <<-X
	route add $OUT4_B dev va table 100
	route add unreachable $OUT4_B/32
	rule add fwmark 0x77 table 100
	X
	again fwmark 0x77 && ping_ok
}

unmarked() {
	local before after
	again fwmark 0 || return
	before=$(drops_of vt0 no-route)
	not ping_ok || return
	after=$(drops_of vt0 no-route)
	[ "$after" -gt "$before" ]
}

# sent_as FAMILY none|udp [WORDS…]: child c of a, whose outer packets are such;
# b answers as ever
sent_as() {
	local f=$1 encap=$2
	shift 2
	in_ns a vtunctl child del c
	in_ns a vtunctl child add c dev vt0 local "$(outer a "$f")" \
		remote "$(outer b "$f")" encap "$encap" "$@" &&
	vtun_install a $((++GEN)) && vtun_install b $GEN && ping_ok
}

marked6() {
	ipn a -6 -batch - <<-X
	route add $OUT6_B dev va table 100
	route add unreachable $OUT6_B
	rule add fwmark 0x77 table 100
	X
	sent_as 6 none mark 0x77
}

no_route() { # FAMILY none|udp
	not sent_as "$@" &&
	between 3 100 "$(vtun_drops a "children[name=c]" no-route)"
}

unmarked6() {
	local rc
	no_route 6 none && no_route 6 udp
	rc=$?
	ipn a -6 -batch - <<-X
	route del unreachable $OUT6_B
	rule del fwmark 0x77 table 100
	X
	return $rc
}

# a second pair of interfaces, worse than the first
two_links() {
	ip link add wa netns "$ME-a" type veth \
		peer name wb netns "$ME-b" address 02:00:00:00:00:0b
	ipn b link set wb up
	# va forgot its address in the VRF
	ipn a -batch - <<-X || return
	link set wa up
	addr add $OUT6_A/64 dev va nodad
	route add $OUT4_B dev va metric 100
	route add $OUT4_B dev wa metric 900
	route add $OUT6_B dev va metric 100
	route add $OUT6_B dev wa metric 900
	neigh add $OUT6_B lladdr 02:00:00:00:00:0b dev wa nud permanent
	X
	in_ns b nft -f - <<-X
	table inet l {
		counter n_vb { }
		counter n_wb { }
		chain pre {
			type filter hook prerouting priority -450;
			iifname vb meta l4proto { esp, udp } counter name n_vb
			iifname wb meta l4proto { esp, udp } counter name n_wb
		}
	}
	X
}

one_link() {
	ipn a -batch - <<-X
	link del wa
	route del $OUT4_B dev va
	route del $OUT6_B dev va
	X
}

came_in() { # DEV
	in_ns b nft list counter inet l "n_$1" | awk '/packets/ { print $2 }'
}

comes_by() { # vb|wb FAMILY none|udp [WORDS…]
	local dev=$1 other=vb
	shift
	[ "$dev" != vb ] || other=wb
	in_ns b nft reset counters table inet l > /dev/null
	sent_as "$@" && equal 0 "$(came_in $other)" &&
	between 3 100 "$(came_in "$dev")"
}

device_link() {
	local rc
	ipn a link set vt0 type vtun dev wa && comes_by wb 4 none
	rc=$?
	ipn a link set vt0 type vtun dev none && return $rc
}

in_vrf() {
	ipn a route del unreachable $OUT4_B/32
	ipn a link add red type vrf table 200 || return
	ipn a link set red up
	ipn a link set va master red
	ipn a -batch - <<-X
	addr add $OUT6_A/64 dev va nodad
	route replace $OUT4_B dev va table 200
	X
	again dev red && ping_ok
}

not_in_vrf() {
	again dev none || return
	not ping_ok
}

out_of_vrf() {
	ipn a link set va nomaster
	ipn a link del red
	again dev none && ping_ok
}

# five tunnels, each inside the one before it
nest() {
	local i o addr=(10.100.0 10.101.0 10.102.0 10.103.0 10.104.0 10.105.0)
	for i in 1 2 3 4 5; do
		o=$((i - 1))
		nest_end a 1 2 $i ${addr[o]} ${addr[i]} &&
		nest_end b 2 1 $i ${addr[o]} ${addr[i]} || return
	done
}

nest_end() { # NS MINE ITS LEVEL OUTER-NET INNER-NET
	local n=$1 me=$2 it=$3 i=$4
	ipn "$n" -batch - <<-X || return
	link add n$i type vtun
	link set n$i addrgenmode none up
	addr add $6.$me/24 dev n$i
	X
	in_ns "$n" vtunctl child add n$i dev n$i local "$5.$me" remote "$5.$it" &&
	in_ns "$n" vtunctl sa install child n$i \
		in spi $((4096 * i + me)) suite "$SUITE" key "$TMP/key.n" \
		out spi $((4096 * i + it)) suite "$SUITE" key "$TMP/key.n"
}

# the outer packets of the first go into the fifth
loop() {
	ipn a route add 10.100.0.2/32 dev n5
	not ping_ok 10.105.0.2
	ipn a route del 10.100.0.2/32 dev n5
	[ "$(for i in 1 2 3 4 5; do drops_of n$i loop; done | sort -n |
		tail -1)" -gt 0 ]
}

# every reason has a line, and their sum is what ip shows as dropped
consistent() {
	local sum shown
	sum=$(in_ns a ethtool -S vt0 | awk '/^ / && $1 != "dummy:" { n += $2 }
		END { print n }')
	shown=$(in_sys a sh -c 'cd /sys/class/net/vt0/statistics &&
		echo $(($(cat tx_dropped) + $(cat rx_dropped)))')
	equal "$sum" "$shown" && [ "$sum" -gt 0 ]
}

# in a namespace that somebody without rights here owns
unprivileged() {
	local rc=0 pid
	unshare -Urn sleep 60 &
	pid=$!
	PIDS+=("$pid")
	wait_until 3 test -e /proc/$pid/ns/net
	pause 0.3
	ipn a link add vt9 type vtun &&
	ipn a link set vt9 netns $pid || return 0
	nsenter -t $pid -U -n ip link set vt9 up || rc=0
	nsenter -t $pid -U -n ip link set vt9 type vtun fwmark 5 || rc=1
	kill $pid
	return $rc
}

plan 51
begin vtun
has_jq || skip_all "no jq"
[ -e "$IP_LIB_DIR/link_vtun.so" ] || skip_all "the plugin is not built"
new_key "$TMP/key.n" "$SUITE"
vtun_pair
check "tunnel is up" vtun_up

# --- ip and its plugin
check "ip knows our words" eval 'ip link help vtun 2>&1 | grep fwmark > /dev/null'
check "a device with everything" ipn a link add vt1 type vtun local $OUT4_A \
	remote $OUT4_B fwmark 0x10 dev va df set dscp 46 mss auto dormant on
check "ip shows it" told_all a vt1 local=$OUT4_A remote=$OUT4_B fwmark=0x10 \
	link=va df=set dscp=46 mss=auto dormant=on
check "as text, too" eval "ipn a -d link show vt1 |
	grep -q 'vtun local $OUT4_A remote $OUT4_B fwmark 0x10 dev va df set dscp 46 mss auto dormant on'"
check "one option changes" ipn a link set vt1 type vtun dscp copy
check "the others stay" told_all a vt1 local=$OUT4_A fwmark=0x10 dscp=copy \
	df=set dormant=on
check "defaults go" eval "ipn a link set vt1 type vtun local any remote any \
	dev none fwmark 0 && told_all a vt1 local=absent remote=absent \
	link=absent fwmark=absent"
check "a device without options has defaults" told_all a vt0 df=copy \
	dscp=copy mss=off dormant=off
refuse "two families" "famil" \
	ipn a link add bad type vtun local $OUT4_A remote $OUT6_B
refuse "a multicast destination" "unicast" \
	ipn a link add bad type vtun remote 224.0.0.5
refuse "the tunnel as its own way out" "itself" \
	ipn a link set vt1 type vtun dev vt1
refuse "a DSCP of 64" "no value for dscp" ipn a link add bad type vtun dscp 64
refuse "an unknown word" "unknown option" ipn a link add bad type vtun foo 1
check "nothing of these came to life" \
	not ipn a link show bad

# --- dormant
check "without SA it is dormant, not down" eval \
	"ipn a link set vt1 up && wait_until 3 state_is a vt1 dormant 1"
check "a child on demand may wait in it" eval "in_ns a vtunctl child add d \
	dev vt1 local $OUT4_A remote $OUT4_B on-demand &&
	wait_until 3 state_is a vt1 dormant 1"
check "an SA wakes it" eval "in_ns a vtunctl sa install child d \
	out spi 0x777 suite $SUITE key $TMP/key.n &&
	wait_until 3 state_is a vt1 unknown 1 || state_is a vt1 up 1"
check "without it sleeps again" eval "in_ns a vtunctl sa del out child d \
	spi 0x777 && wait_until 3 state_is a vt1 dormant 1"
check "told otherwise, it follows the children" eval \
	"in_ns a vtunctl child del d && ipn a link set vt1 type vtun dormant off &&
	wait_until 3 state_is a vt1 down 0"

# --- children take what the device says
check "defaults reach a child" eval "ipn a link set vt1 type vtun df clear \
	dscp 10 fwmark 5 && in_ns a vtunctl child add e dev vt1 local $OUT4_A \
	remote $OUT4_B && vtun_is a 'children[name=e].df' clear &&
	vtun_is a 'children[name=e].dscp' 10 &&
	vtun_is a 'children[name=e].mark' 5"
check "but not one that says otherwise" eval "in_ns a vtunctl child add f \
	dev vt1 local $OUT4_A remote $OUT4_B df set &&
	vtun_is a 'children[name=f].df' set"
check "nor one that was there before" eval \
	"ipn a link set vt1 type vtun df copy &&
	vtun_is a 'children[name=e].df' clear"

# --- marks, VRFs
check "a mark chooses the table of outer packets" marked
serve a natt -a ::
serve b natt -a ::
check "one in UDP, too" sent_as 4 udp mark 0x77
check "without it there is no route" unmarked
check "nor in UDP" no_route 4 udp
check "a mark of IPv6" marked6
check "one in UDP, too" sent_as 6 udp mark 0x77
check "without it there is no route" unmarked6
check "outer packets in a VRF" in_vrf
check "outside of it they find no way" not_in_vrf
check "and back" out_of_vrf

# --- links
check "two ways to the peer" two_links
for f in 4 6; do
	check "IPv$f: the route decides" comes_by vb $f none
	check "IPv$f: the child does" comes_by wb $f none link wa
	check "IPv$f: in UDP, too" comes_by wb $f udp link wa
done
check "the device does" device_link
check "and no longer" comes_by vb 4 none
one_link

# --- ethtool
check "ethtool -i" eval 'in_ns a ethtool -i vt0 | grep "^driver: vtun" > /dev/null &&
	in_ns a ethtool -i vt0 | grep "^version: [0-9]" > /dev/null'
check "ethtool -S and ip -s agree" consistent
refuse "no packets beyond 64 KiB" "invalid|gso" \
	ipn a link set vt0 gso_max_size 200000

# --- rights
refuse "who has no right here sends no packets here" "no right|not permitted" \
	unprivileged

# --- tunnels in tunnels
ipn a addr add 10.100.0.1/24 dev va
ipn b addr add 10.100.0.2/24 dev vb
check "five tunnels, one in another" nest
check "a packet passes all of them" ping_ok 10.105.0.2
check "a circle ends" loop
finish
