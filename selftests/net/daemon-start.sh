#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# How tunnels begin: attempts at 0, 5, 10 … seconds while the peer is away and
# up within 5 seconds of its coming; both ends at the same instant, over and
# over, with one IKE SA and one pair of SAs in the end.
#
#	10.1.0.1 vt0 [a: vtkeyd] va ------ vb [b: vtkeyd] vt0 10.2.0.1
#
# FULL=1: 60 seconds without peer and 100 simultaneous starts.
#
# Proves: S-06 (cadence, recovery), S-07, S-09, S-10
# time limit: 400 s
# shellcheck disable=SC2034 # keyd-lib.sh reads CHILD_A and its like
# shellcheck source=selftests/net/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=selftests/net/keyd-lib.sh
. "$(dirname "$0")/keyd-lib.sh"

ROUNDS=8 ABSENT=12
[ "$FULL" = 0 ] || ROUNDS=100 ABSENT=60

# ms since the first one of a's datagrams with a fresh initiator SPI
attempts() {
	tcpdump -r "$TMP/a.pcap" -tt -n -x 'udp dst port 500' 2> /dev/null |
	awk '/^[0-9]/ { t = $1 }
		/0x0010:/ { spi = $8 $9 }
		/0x0020:/ { spi = spi $2 $3
			if (!n++)
				first = t
			if (!(spi in seen)) {
				seen[spi] = 1
				printf "%.0f\n", (t - first) * 1000
			} }'
}

cadence() { # every attempt within 10 % of a multiple of 5 s after the first
	local t n=0
	for t in $(attempts); do
		n=$((n + 1))
		echo "attempt $n after $t ms"
		if [ $((t % 5000)) -gt 500 ] && [ $((t % 5000)) -lt 4500 ]; then
			return 1
		fi
	done
	[ $n -ge $((ABSENT / 5)) ]
}

settled() { mirrored && child_is a up && child_is b up; }
# half-open IKE SAs of a lost race end by their own time limit
is_down() { ctl_is "$1" 'ike[#state=up]' 0 && vtun_is "$1" 'sas[#]' 0; }
both_down() { is_down a && is_down b; }

both_up() {
	local t
	t=${EPOCHREALTIME/./}
	wait_until 20 settled && ping_a 3 || {
		ctl a show ike; ctl b show ike; log_near a; log_near b
		return 1
	}
	echo "round $1: at rest after $(ms_since "$t") ms"
}

together() { # both get the command at the same moment, round after round
	local i
	for ((i = 1; i <= ROUNDS; i++)); do
		ctl a up vpn 2> /dev/null &
		ctl b up vpn 2> /dev/null
		wait $!
		both_up $i || return
		ctl a down vpn
		ctl b down vpn 2> /dev/null
		wait_until 20 both_down || return
	done
}

plan 10
begin vtun
CHILD_A=$'auto-negotiate yes\nstart manual'
CHILD_B='start manual'
ns_add a b
link_pair a va b vb
keyd_conf a
keyd_conf b
bg_ns a tcpdump -q -U -i va -Q out -w "$TMP/a.pcap" 'udp port 500' 2> /dev/null
wait_until 10 test -s "$TMP/a.pcap"
check "a starts, its peer is away" eval 'keyd_start a && addresses a'
pause $ABSENT
check "attempts every 5 seconds" cadence
sed 's/^/# /' "$TMP/out"
t=${EPOCHREALTIME/./}
check "b starts" eval 'keyd_start b && addresses b'
check "up within 5 seconds of it" wait_until 7 mirrored
check "really within 5" between 0 $((5000 + 500 * SLOW)) "$(ms_since "$t")"
keyd_end KILL b
in_ns b vtunctl flush
CHILD_A='start manual'
check "manual start stays down without traffic" eval \
	'keyd_again && pause 1 && ctl_is a "ike[#]" 0'
check "both ends at once, $ROUNDS times" together
sed 's/^/# /' "$TMP/out"
check "no SA was left over" eval 'wait_until 10 vtun_is a info.sas 0 &&
	wait_until 10 vtun_is b info.sas 0'
finish
