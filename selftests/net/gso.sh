#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Super-packets and shared memory: TCP with GSO on and off, with a tap on every
# device, files sent without copying. What arrives is what was sent, both ends
# count the same octets, and nobody's page is written to.
#
#	10.1.0.1 vt0 [a] va ------------- vb [b] vt0 10.2.0.1
#	          tcpdump on all four devices
#
# Proves: E-28, B35 B36 B43 B47, R3 (never in place)
# shellcheck source=selftests/net/lib.sh
. "$(dirname "$0")/lib.sh"

OCTETS=${OCTETS:-$((4096 / SLOW))K}

offload() { # on|off DEV…: at both ends
	local how=$1 n d
	shift
	for n in a b; do
		for d; do
			in_ns $n ethtool -K "${d/v@/v$n}" gso "$how" \
				tso "$how" gro "$how" || return
		done
	done
}

both_ways() { # ADDRESS-OF-B ADDRESS-OF-A
	in_ns a tcpcheck -n "$OCTETS" "$1" &&
	in_ns a tcpcheck -R -n "$OCTETS" "$1"
}

taps() {
	local n d
	for n in a b; do
		for d in vt0 v$n; do
			bg_ns $n tcpdump -q -i $d -w /dev/null 2> /dev/null
		done
	done
	wait_until 10 taps_there
}
taps_there() { [ "$(in_ns a wc -l < /proc/net/packet)" != 0 ] && pause 0.5; }

counts_agree() {
	local from to out in
	for from in a b; do
		to=b
		[ $from = a ] || to=a
		out=$(vtun_get $from "$(sa_out $from).packets $(sa_out $from).bytes")
		in=$(vtun_get $to "$(sa_in $to).packets $(sa_in $to).bytes")
		if [ -z "$out" ] || [ "$out" != "$in" ]; then
			echo "from $from: sent '$out', got '$in'"
			return 1
		fi
	done
}

# device counters see the same octets as the SAs: every segment, no more
device_agrees() {
	local dev sa
	dev=$(in_sys a cat /sys/class/net/vt0/statistics/tx_bytes)
	sa=$(vtun_get a "$(sa_out a).bytes")
	[ "$dev" = "$sa" ] || { echo "device $dev, SA $sa"; return 1; }
}


send_file() { # ADDRESS: from a file whose pages stay in the cache
	local before
	before=$(sha256sum < "$TMP/file")
	in_ns a tcpcheck -f "$TMP/file" "$1" &&
	[ "$(sha256sum < "$TMP/file")" = "$before" ]
}

plan 19
begin vtun
vtun_pair
check "tunnel is up" vtun_up
serve a tcpcheck -l
serve b tcpcheck -l
head -c $((3000000 / SLOW)) /dev/urandom > "$TMP/file"

check "TCP as it comes, IPv4" both_ways 10.2.0.1
check "TCP as it comes, IPv6" both_ways fd02::1
check "both ends count the same" wait_until 3 counts_agree
check "the device counts what the SA counts" device_agrees
check "sendfile leaves the file as it is" send_file 10.2.0.1
check "GSO, TSO and GRO off everywhere" offload off vt0 v@
check "TCP without, IPv4" both_ways 10.2.0.1
check "TCP without, IPv6" both_ways fd02::1
check "both ends count the same" wait_until 3 counts_agree
check "back on, but not on veth" offload on vt0
check "TCP with GSO on the tunnel only" both_ways 10.2.0.1
offload on v@
check "a tap on every device" taps
check "TCP with clones everywhere, IPv4" both_ways 10.2.0.1
check "TCP with clones everywhere, IPv6" both_ways fd02::1
check "sendfile with clones everywhere" send_file fd02::1
check "both ends count the same" wait_until 3 counts_agree
finish
