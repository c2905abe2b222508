#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The demo, inside the guest. Nothing here is a constant that is printed as a
# result: every number of the summary is read from a program or the kernel.
#
#	10.1.0.1 [gw-a] 192.0.2.1 ------------- 192.0.2.2 [gw-b] 10.2.0.1
#	curl, ping                                        python3 -m http.server
# shellcheck source=selftests/net/lib.sh
. "$(dirname "$0")/../net/lib.sh"

ME=gw
MBYTES=${MBYTES:-50}
LIMIT_KB=${LIMIT_KB:-2048}
BROKEN=()
LOG=$TMP/events

step() { printf '\n\033[1m==> %s\033[0m\n' "$*"; }
say() { printf '    %s\n' "$*"; }

# promise DESCRIPTION COMMAND…: remembered if it is not kept
promise() {
	local what=$1
	shift
	if "$@" > "$TMP/promise" 2>&1; then
		say "kept: $what"
		return 0
	fi
	sed 's/^/    ! /' "$TMP/promise"
	say "BROKEN: $what"
	BROKEN+=("$what")
	return 1
}

ctl() { in_ns "$1" vtunctl --socket "$TMP/run.$1/vtkeyd.sock" "${@:2}"; }
answers() { [ -S "$TMP/run.$1/vtkeyd.sock" ] && ctl "$1" version; }
get() { ctl "$1" --json show | jget "$2"; }

config() { # NS PEER N M
	local addr
	addr=$(outer "$1" 4)
	(umask 077; cat > "$TMP/$1.conf") <<-X
	conn demo {
	    local-addr   $addr
	    remote-addr  $(outer "$2" 4)
	    local-id     gw-$1.example
	    remote-id    gw-$2.example
	    auth         ed25519
	    private-key-file $TMP/$1.key
	    remote-public-key $(cat "$TMP/$2.pub")
	    child lan {
	        dev          vtun0
	        local-ts     10.$3.0.0/24
	        remote-ts    10.$4.0.0/24
	        start        on-demand
	        keylife-type kilobytes
	        keylife-kbs  $LIMIT_KB
	    }
	}
	X
}

gateway() { # NS N M
	local n=$1
	ip netns exec "$ME-$n" vtkeyd -c "$TMP/$n.conf" \
		--run-dir "$TMP/run.$n" 2> "$TMP/log.$n" &
	PIDS+=($!)
	wait_until 10 answers "$n" || { cat "$TMP/log.$n"; return 1; }
	ipn "$n" addr add "10.$2.0.1/24" dev vtun0
	ipn "$n" route add "10.$3.0.0/24" dev vtun0 src "10.$2.0.1"
}

setup() {
	local n
	load_module || return
	ns_add a b
	link_pair a va b vb
	for n in a b; do
		(umask 077; vtunctl genkey > "$TMP/$n.key")
		vtunctl pubkey < "$TMP/$n.key" > "$TMP/$n.pub"
	done
	config a b 1 2
	config b a 2 1
	for n in a b; do
		in_ns $n vtkeyd -n -c "$TMP/$n.conf" || return
	done
	gateway a 1 2 && gateway b 2 1
}

first_ping() {
	in_ns a ping -c 1 -W 5 10.2.0.1 > "$TMP/first" || {
		cat "$TMP/first" "$TMP/log.a"
		return 1
	}
	FIRST_MS=$(sed -n 's/.*time=\([0-9.]*\) ms/\1/p' "$TMP/first")
}

prepare_file() {
	mkdir "$TMP/www"
	head -c "${MBYTES}M" /dev/urandom > "$TMP/www/file"
	SHA=$(sha256sum < "$TMP/www/file")
	SHA=${SHA%% *}
	ip netns exec "$ME-b" python3 -m http.server -d "$TMP/www" \
		--bind 10.2.0.1 8080 > "$TMP/http" 2>&1 &
	PIDS+=($!)
	wait_until 30 in_ns b curl -s -o /dev/null -I http://10.2.0.1:8080/
}

# 200 a second, in batches of 5 seconds, until the download is over
ping_along() {
	while :; do
		in_ns a ping -q -i 0.005 -c 1000 -W 5 10.2.0.1
		[ ! -e "$TMP/downloaded" ] || return 0
	done > "$TMP/pings" 2>&1
}

download() {
	local t rc=0 pinger
	ping_along &
	pinger=$!
	t=${EPOCHREALTIME/./}
	in_ns a curl -sS --fail -o "$TMP/got" http://10.2.0.1:8080/file &
	local curl=$!
	while kill -0 $curl 2> /dev/null; do
		pause 2
		say "$(($(stat -c %s "$TMP/got" 2> /dev/null || echo 0) / 1048576)) MiB," \
			"$(get a 'children[name=demo:lan].ike.rekeys') rekeys"
	done
	wait $curl || rc=$?
	DOWNLOAD_MS=$(ms_since "$t")
	: > "$TMP/downloaded"
	wait $pinger
	return $rc
}

read_results() {
	GOT=$(stat -c %s "$TMP/got")
	GOT_SHA=$(sha256sum < "$TMP/got")
	GOT_SHA=${GOT_SHA%% *}
	PING_SENT=$(awk '/packets transmitted/ { n += $1 } END { print n }' "$TMP/pings")
	PING_GOT=$(awk '/packets transmitted/ { n += $4 } END { print n }' "$TMP/pings")
	PING_DUP=$(grep -c duplicates "$TMP/pings")
	REKEYS=$(($(get a 'children[name=demo:lan].ike.rekeys') - REKEYS_BEFORE))
	SWITCHES=$(get a 'children[name=demo:lan].switches')
	# numbers of the kernel's events: without a gap?
	EVENTS=$(sed -n 's/^\[[ 0-9.]*\] kernel #\([0-9]*\) .*/\1/p' "$LOG" |
		awk 'n && $1 != last + 1 { g++ } { last = $1; n++ }
			END { print n + 0, g + 0 }')
	GAPS=${EVENTS#* } EVENTS=${EVENTS% *}
	SAS=$(get a 'sas[#]')/$(get b 'sas[#]')
	DROPS=$(in_ns a vtunctl --json show | tr -d ' \n' |
		grep -o '"\(hard-expired\|no-sa\|hold-full\|hold-age\|unknown-spi\|integrity\|replay-[a-z]*\)":[0-9]*' |
		awk -F: '{ n += $2 } END { print n + 0 }')
}

show_events() {
	local n
	# two sources, module and daemon: by the time each event has
	sort -s -n -t '[' -k 2 "$LOG" | cut -c1-150 > "$TMP/sorted"
	n=$(wc -l < "$TMP/sorted")
	head -n 14 "$TMP/sorted"
	[ "$n" -le 24 ] || echo "    … $((n - 24)) more …"
	tail -n 10 "$TMP/sorted"
}

summary() {
	cat <<-X

	-----------------------------------------------------------------------
	 kernel $(uname -r), vtun $(cat /sys/module/vtun/version 2> /dev/null)
	 first packet         answered after $FIRST_MS ms, negotiation included
	 HTTP download        $GOT octets in $DOWNLOAD_MS ms ($((GOT / DOWNLOAD_MS)) kB/s)
	 SHA-256              ${GOT_SHA:0:16}… $([ "$GOT_SHA" = "$SHA" ] && echo "equals the server's" || echo "DIFFERS from ${SHA:0:16}")
	 rekeys under it      $REKEYS, one per $((GOT / (REKEYS ? REKEYS : 1) / 1024)) KiB (limit $LIMIT_KB KiB)
	 ping 200/s beside it $PING_SENT sent, $PING_GOT answered, $((PING_SENT - PING_GOT)) lost, $PING_DUP duplicate
	 kernel events        $EVENTS in order, $GAPS gaps; $SWITCHES switches of the outbound SA
	 SAs now at a/b       $SAS;  packets dropped for want of an SA: $DROPS
	 time                 $((SECONDS)) s in the guest
	-----------------------------------------------------------------------
	X
}

main() {
	[ -d /run/vtun ] || [ "${FORCE:-0}" = 1 ] ||
		{ say "this runs inside a guest: make demo"; return 1; }
	echo "selftest $ME begins $$" > /dev/kmsg
	step "Two gateways, no SA"
	setup || return
	: > "$LOG"
	ctl_monitor
	ctl a show
	promise "nothing is negotiated before there is traffic" \
		equal 0 "$(get a 'sas[#]')"
	step "One ping wakes the tunnel"
	promise "the very first ping is answered" first_ping || return
	sed -n 2p "$TMP/first"
	grep -E 'ike-up|child-up' "$LOG" | cut -c1-150
	step "Download of $MBYTES MiB over HTTP, new keys every $LIMIT_KB KiB at most, 200 pings a second beside it"
	prepare_file || return
	REKEYS_BEFORE=$(get a 'children[name=demo:lan].ike.rekeys')
	promise "the download is complete" download
	pause 1
	read_results
	step "vtunctl show"
	ctl a show
	step "Event log (vtunctl monitor)"
	show_events
	step "Summary"
	promise "at least 50 MB" test "$GOT" -ge 50000000
	promise "what arrived is what was served" equal "$SHA" "$GOT_SHA"
	promise "at least 20 rekeys under it" between 20 100000 "$REKEYS"
	promise "no ping was lost" equal "$PING_SENT" "$PING_GOT"
	promise "no event was lost" equal 0 "$GAPS"
	promise "nothing but one pair of SAs is left" wait_until 12 one_pair
	promise "the kernel is quiet" quiet_kernel
	summary
	[ ${#BROKEN[@]} = 0 ]
}

one_pair() {
	SAS=$(get a 'sas[#]')/$(get b 'sas[#]')
	equal 2/2 "$SAS"
}

ctl_monitor() {
	ip netns exec "$ME-a" vtunctl --socket "$TMP/run.a/vtkeyd.sock" \
		monitor > "$LOG" 2> /dev/null &
	PIDS+=($!)
	pause 1
}

trap 'cleanup; rm -rf "$TMP"' EXIT
main
