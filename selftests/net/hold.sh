#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Traffic for a child without SA: one ACQUIRE, the packets wait and are sent
# when the SA comes, the oldest go first when a limit is reached, and nothing
# ever leaves in clear.
#
#	10.1.0.1 vt0 [a] va ------------- vb [b] vt0 10.2.0.1
#	         no SA                       nft counts clear text
#
# Proves: E-34 E-37 E-38, S-01 S-05 (kernel half), R11
# shellcheck source=selftests/net/lib.sh
. "$(dirname "$0")/lib.sh"

# child_again [WORDS…]: at a, on demand, without SA
child_again() {
	in_ns a vtunctl child del c
	: > "$TMP/events.a"
	in_ns a vtunctl child add c dev vt0 local $OUT4_A remote $OUT4_B \
		local-ts 10.1.0.0/24,fd01::/64 remote-ts 10.2.0.0/24,fd02::/64 \
		on-demand "$@"
}

# fire N [SIZE]: that many datagrams, nobody answers them
fire() { in_ns a flood -q -i 1000 -n "$1" -s "${2:-100}" 10.2.0.1; }

drops_are() { # REASON N
	local n
	n=$(vtun_drops a "children[name=c]" "$1")
	[ "$n" = "$2" ] || { echo "$1: wanted $2, got $n"; return 1; }
}

late_ping() { # while SAs come half a second later
	in_ns a pings -t 5000 "$1" > "$TMP/ping" 2>&1 &
	local ping=$!
	wait_until 5 events_are 1 a event=acquire &&
	vtun_is a "children[name=c].held" 1 &&
	vtun_is a "children[name=c].state" acquiring &&
	vtun_install a "$2" && wait $ping
	local rc=$?
	cat "$TMP/ping"
	return $rc
}

clear_text() {
	in_ns b nft list chain netdev t c |
		awk '/counter/ { n += $(NF - 2) } END { print n + 0 }'
}

plan 24
begin vtun
vtun_pair
in_ns b nft -f - <<X
table netdev t {
	chain c {
		type filter hook ingress device vb priority 0;
		ip saddr 10.1.0.0/24 counter
		ip6 saddr fd01::/64 counter
	}
}
X
vtun_install b 1
events a
serve b flood -l

check "child on demand" child_again hold-ms $((10000 * SLOW))
check "the first ping is answered, IPv4" late_ping 10.2.0.1 1
check "exactly one acquire" events_are 1 a event=acquire
check "it names the flow" events_are 1 a event=acquire src=10.1.0.1 \
	dst=10.2.0.1 proto=1
check "nothing is held afterwards" vtun_is a "children[name=c].held" 0
check "no packet was dropped" equal 0 "$(vtun_sum_drops a hold-full)"

child_again hold-ms $((10000 * SLOW))
vtun_install b 2
check "the first ping is answered, IPv6" late_ping fd02::1 2
check "exactly one acquire" events_are 1 a event=acquire

# --- limits
child_again hold-packets 4 hold-ms 60000
fire 10
check "4 of 10 packets wait" vtun_is a "children[name=c].held" 4
check "6 were counted" drops_are hold-full 6
check "still one acquire" events_are 1 a event=acquire
vtun_install b 3
vtun_install a 3
check "4 arrive when the SA comes" wait_until 2 vtun_is b \
	"$(sa_in b 3).packets" 4

child_again hold-bytes 1000 hold-ms 60000
fire 10 300
check "1000 octets hold 3 packets of 328" vtun_is a "children[name=c].held" 3
check "7 were counted" drops_are hold-full 7

child_again hold-ms 300
fire 5
check "too old after 300 ms" wait_until 3 drops_are hold-age 5
check "nothing is held" vtun_is a "children[name=c].held" 0

child_again hold-packets 0
fire 5
check "a queue of 0 drops, but asks" eval 'drops_are hold-full 5 &&
	events_are 1 a event=acquire'

# --- nobody answers, and traffic goes on: one acquire a second
asked() { # AT-LEAST AT-MOST
	event_count a event=acquire
	between "$1" "$2" "$EVENT_N"
}
asked_again() { # a packet in 10 ms for two seconds and a half
	local t0=${EPOCHREALTIME/./} most
	in_ns a flood -q -i 10000 -n 250 10.2.0.1
	most=$((1 + $(ms_since "$t0") / 1000))
	wait_until 2 asked 3 $most
}
child_again hold-ms 60000
check "asked again each second, and not more often" asked_again

# --- deleted while packets wait
child_again hold-ms 60000
fire 5
check "5 wait" vtun_is a "children[name=c].held" 5
check "the child goes with them" in_ns a vtunctl child del c
# another child on demand, or the device has no carrier and drops by itself
in_ns a vtunctl child add other dev vt0 local $OUT4_A remote $OUT4_B \
	remote-ts 10.77.0.0/24 on-demand
in_ns a vtunctl child add c dev vt0 local $OUT4_A remote $OUT4_B \
	remote-ts 10.2.0.0/24
fire 5
check "not on demand: counted, not held" eval 'drops_are no-sa 5 &&
	vtun_is a "children[name=c].held" 0'
check "nothing passed in clear" equal 0 "$(clear_text)"
finish
