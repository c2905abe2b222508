#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Many children on one device: the most specific selectors decide, whatever
# came first; new selectors take over without a gap; thousands are as good as
# two.
#
#	10.1.0.1 vt0 [a] va ------------- vb [b] vt0 10.2.0.1 …
#
# Child "c" of lib.sh is the wide one; each other has the SAs of a generation.
#
# Proves: E-33 E-36 E-48 (selectors in place), B60
# shellcheck source=selftests/net/lib.sh
. "$(dirname "$0")/lib.sh"

MANY=${MANY:-$((FULL ? 20000 : 2000 / SLOW))}
PINGS_N=$((3000 / SLOW))

child() { # NS NAME GENERATION LOCAL-TS REMOTE-TS
	local n=$1 o=b
	[ "$n" = a ] || o=a
	in_ns "$n" vtunctl child add "$2" dev vt0 \
		local "$(outer "$n" 4)" remote "$(outer "$o" 4)" \
		local-ts "$4" remote-ts "$5" &&
	in_ns "$n" vtunctl sa install child "$2" \
		in spi "$(spi_of $o "$3")" suite "$SUITE" \
		key "$(gen_key $o "$3")" \
		out spi "$(spi_of "$n" "$3")" suite "$SUITE" \
		key "$(gen_key "$n" "$3")"
}

# both NAME GENERATION A-TS B-TS
both() { child a "$1" "$2" "$3" "$4" && child b "$1" "$2" "$4" "$3"; }

narrow_ones() {
	both host 2 10.1.0.0/24 10.2.0.7 &&
	both net 3 10.1.0.0/24 10.2.0.0/28 &&
	both web 4 '10.1.0.0/24[tcp/0-65535]' '10.2.0.7[tcp/80]' &&
	both range 5 10.1.0.0/24 10.2.0.100-10.2.0.130 &&
	both six 6 fd01::/64 fd02::7
}

sent() { vtun_get a "$(sa_out a "$1").packets"; }

goes_by() { # GENERATION ADDRESS: two pings
	local before
	before=$(sent "$1")
	in_ns a pings -n 2 "$2" && equal $((before + 2)) "$(sent "$1")"
}

of_several() { # each selector of a child for itself: a host in another's net
	both list 7 10.1.0.0/24 10.2.0.96/28,10.2.0.9 && goes_by 7 10.2.0.9 &&
	goes_by 7 10.2.0.100 && goes_by 5 10.2.0.130 &&
	in_ns a vtunctl child del list && in_ns b vtunctl child del list &&
	goes_by 3 10.2.0.9
}

web_alone() { # one port of a host has a child of its own
	local before
	serve b tcpcheck -l -p 80
	before=$(sent 2)
	in_ns a tcpcheck -n 20K -p 80 10.2.0.7 && equal "$before" "$(sent 2)" &&
	between 10 1000 "$(sent 4)"
}

removed() { # the next wider one takes over
	in_ns a vtunctl child del host && in_ns b vtunctl child del host &&
	goes_by 3 10.2.0.7
}

replaced() { # selectors in place, in the middle of traffic they cover
	local i before
	before=$(sent 5)
	in_ns a pings -n $PINGS_N -w 1 10.2.0.100 > "$TMP/pings" &
	PINGS=$!
	for i in 1 2 3 4 5; do
		in_ns a vtunctl child set range \
			remote-ts 10.2.0.100-10.2.0.130,10.2.0.250 &&
		in_ns a vtunctl child set range \
			remote-ts 10.2.0.100-10.2.0.130 || return
	done
	wait $PINGS || { cat "$TMP/pings"; return 1; }
	equal $((before + PINGS_N)) "$(sent 5)"
}

children() { vtun_get a info.children; }

many() {
	local i start=${EPOCHREALTIME/./}
	for ((i = 0; i < MANY; i++)); do
		echo "child add m$i dev vt0 local $OUT4_A remote $OUT4_B" \
			"remote-ts 10.$((32 + i / 65536)).$((i / 256 % 256)).$((i % 256))"
	done > "$TMP/batch"
	in_ns a vtunctl batch "$TMP/batch" > "$TMP/batch.out" || {
		tail -3 "$TMP/batch.out"
		return 1
	}
	note "$MANY children in $(ms_since "$start") ms" >&2
	equal $((MANY + 5)) "$(children)"
}

last_of_many() { # without SA: dropped by its child, and by no other
	local i=$((MANY - 1)) to
	to=10.$((32 + i / 65536)).$((i / 256 % 256)).$((i % 256))
	ipn a route add 10.32.0.0/12 dev vt0
	not in_ns a pings -n 1 -t 200 $to &&
	equal 1 "$(vtun_drops a "children[name=m$i]" no-sa)"
}

tx_dropped() { in_sys a cat /sys/class/net/vt0/statistics/tx_dropped; }
nobodys() { # no child covers it
	local before
	before=$(tx_dropped)
	not in_ns a pings -n 1 -t 300 10.47.0.1 &&
	between $((before + 1)) $((before + 9)) "$(tx_dropped)"
}

plan 17
begin vtun
vtun_pair
for x in 10.2.0.7 10.2.0.9 10.2.0.99 10.2.0.100 10.2.0.130; do
	ipn b addr add $x/32 dev vt0
done
ipn b addr add fd02::7/128 dev vt0 nodad
check "the wide one alone" vtun_up
check "narrow ones beside it" narrow_ones
check "a host" goes_by 2 10.2.0.7
check "its network" goes_by 3 10.2.0.9
check "a range that is no prefix, first" goes_by 5 10.2.0.100
check "and last" goes_by 5 10.2.0.130
check "and beside it" goes_by 1 10.2.0.99
check "the host selector of a child with several" of_several
check "IPv6" goes_by 6 fd02::7
check "a port of a host" web_alone
check "the next wider one takes over" removed
check "other selectors, nothing lost" replaced
check "thousands" many
check "the last of them" last_of_many
check "traffic of nobody" nobodys
in_ns a vtunctl flush
finish
