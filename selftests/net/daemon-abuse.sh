#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Malformed IKE at a live daemon: real messages of this very tunnel, sent again
# from the right address cut to every length, with every bit turned over, with
# every payload type. Traffic does not notice, the daemon neither dies nor
# keeps anything, and new keys can still be had.
#
#	10.1.0.1 vt0 [a: vtkeyd] va ------ vb [b: vtkeyd] vt0 10.2.0.1
#	             ikeabuse  ==========>
#
# Proves: B01 B07 B11 B22 B33 B53, R2
# time limit: 300 s
# shellcheck source=selftests/net/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=selftests/net/keyd-lib.sh
. "$(dirname "$0")/keyd-lib.sh"

MESSAGES=${MESSAGES:-4}

rss_kb() { awk '/VmRSS/ { print $2 }' "/proc/${KEYD_PID[$1]}/status"; }

abuse() { # FROM DESTINATION
	in_ns "$1" ikeabuse "$TMP/$1.pcap" "$2" "$MESSAGES"
}

captured() { [ "$(stat -c %s "$TMP/$1.pcap")" -gt 800 ]; }

capture() { # NS: what it sends
	bg_ns "$1" tcpdump -q -U -i "v$1" -Q out -w "$TMP/$1.pcap" \
		'udp port 500 or udp port 4500' 2> /dev/null
	wait_until 10 test -s "$TMP/$1.pcap"
}

alive() { kill -0 "${KEYD_PID[$1]}" && ctl "$1" version; }

plan 16
begin vtun
check "two gateways" keyd_pair
serve b flood -l
capture a
capture b
check "the tunnel comes up" ping_a 3
check "a rekey, so that there are encrypted requests of both" eval \
	'ctl a rekey vpn c && wait_until 10 mirrored && ctl b rekey vpn c &&
	wait_until 10 mirrored'
check "messages were captured" eval 'wait_until 5 captured a && captured b'
before=$(ctl_get a 'children[name=vpn:c].ike.spi_out')
rss=$(rss_kb b)
in_ns a flood -i 5000 -u "$TMP/stop" 10.2.0.1 > "$TMP/flood" 2>&1 &
FLOOD=$!
check "abuse of b" abuse a $OUT4_B
sed 's/^/# /' "$TMP/out"
check "abuse of a" abuse b $OUT4_A
sed 's/^/# /' "$TMP/out"
: > "$TMP/stop"
wait $FLOOD
check "traffic lost nothing under it" eval \
	'cat "$TMP/flood"; grep " lost 0 dup 0 " "$TMP/flood"'
check "both daemons live" eval 'alive a && alive b'
check "the SAs are the same" ctl_is a 'children[name=vpn:c].ike.spi_out' "$before"
check "one IKE SA each is established" eval \
	'ctl_is a "ike[#state=up]" 1 && ctl_is b "ike[#state=up]" 1'
check "half-open ones are forgotten in time" eval \
	'wait_until 60 ike_sas a 1 && wait_until 60 ike_sas b 1'
check "the daemon did not grow by more than 4 MiB" \
	between 0 $((rss + 4096)) "$(rss_kb b)"
check "new keys can be had from a" eval 'ctl a rekey vpn c && pause 0.3 &&
	wait_until 10 mirrored'
check "and of the IKE SA from b" eval 'ctl b rekey vpn && pause 0.3 &&
	wait_until 10 mirrored && ping_a 3'
finish
