#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Policies and daemons: IKE passes a policy that discards everything, what is
# protected stays so when the daemons are killed, and nothing leaves in clear
# when their SAs are gone as well, whatever the routes say.
#
#	10.1.0.1 vt0 [a: vtkeyd] va ------- vb [b: vtkeyd] vt0 10.2.0.1
#	10.5.0.1 lo   child p, keyed by hand, policies      lo 10.6.0.1
#
# Proves: E-34 E-37 R11 (fail closed without daemons)
# time limit: 400 s
# shellcheck disable=SC2034 # keyd-lib.sh reads CHILD_A and its like
# shellcheck source=selftests/net/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=selftests/net/keyd-lib.sh
. "$(dirname "$0")/keyd-lib.sh"

policies() { # NS PEER LOCAL REMOTE
	local n=$1 o=$2
	ipn "$n" addr add "$3/32" dev lo &&
	ipn "$n" route add "$4/32" via "$(outer "$o" 4)" src "$3" &&
	in_ns "$n" vtunctl batch > /dev/null <<-X
	child add p local $(outer "$n" 4) remote $(outer "$o" 4) local-ts $3 remote-ts $4
	sa install child p in spi $(spi_of "$o" 1) suite $SUITE key $(gen_key "$o" 1) out spi $(spi_of "$n" 1) suite $SUITE key $(gen_key "$n" 1)
	policy add protect child p local $3 remote $4
	policy add discard remote 0.0.0.0/0 priority 9000
	policy add discard remote ::/0 priority 9000
	X
}

watch_clear() { # NS DEV: what leaves and is neither ESP nor IKE
	in_ns "$1" nft -f - <<-X
	table netdev w {
		counter clear { }
		chain out {
			type filter hook egress device $2 priority 0;
			ip protocol { icmp, tcp } counter name clear
			ip protocol udp udp sport != { 500, 4500 } counter name clear
			ip6 saddr fd00::/8 counter name clear
		}
	}
	X
}

clear_is() { # N
	local n
	for n in a b; do
		equal "$1" "$(in_ns $n nft list counter netdev w clear |
			awk '/packets/ { print $2 }')" || return
	done
}

by_hand() { in_ns a pings -n 3 -t 3000 -B 10.5.0.1 10.6.0.1; }

unanswered() { # WORDS… of pings
	not in_ns a pings -n 3 -t 300 "$@"
}

# packets refused for REASON grow by at least N
refused() { # REASON N COMMAND…
	local before why=$1 n=$2
	shift 2
	before=$(vtun_sum_drops a "$why")
	"$@" && between $((before + n)) 1000000 "$(vtun_sum_drops a "$why")"
}

# a route around the tunnel, and the tunnel is gone
astray() {
	ipn a link del vt0 && ipn a addr add 10.1.0.1/32 dev lo &&
	ipn a route add 10.2.0.0/24 via $OUT4_B src 10.1.0.1
}
back() {
	ipn a route del 10.2.0.0/24 via $OUT4_B && ipn a addr del 10.1.0.1/32 dev lo
}

plan 20
begin vtun
check "two gateways, two daemons" keyd_pair
check "a: policies, the last discards everything" \
	policies a b 10.5.0.1 10.6.0.1
check "b: likewise" policies b a 10.6.0.1 10.5.0.1
watch_clear a va
watch_clear b vb
check "it does" refused discard 1 unanswered $OUT4_B
check "IKE passes: the first packet is answered" ping_a 3 5
check "and what is keyed by hand" by_hand
check "both ends are up" eval "child_is a up && child_is b up"
serve b flood -l
keyd_end KILL a
keyd_end KILL b
check "daemons killed: the tunnel lives, nothing is lost" \
	in_ns a flood -i 2000 -n 500 10.2.0.1
check "and so does what is keyed by hand" by_hand
check "everything else is discarded still" refused discard 1 unanswered $OUT4_B
check "nothing left in clear" clear_is 0
in_ns a vtunctl flush
check "SAs and children gone: refused by the policy" \
	refused no-child 1 unanswered -B 10.5.0.1 10.6.0.1
check "and by the device" unanswered 10.2.0.1
check "the device gone, a route around it" astray
check "discarded" refused discard 1 unanswered -B 10.1.0.1 10.2.0.1
check "nothing left in clear" clear_is 0
check "new daemons" eval 'back && keyd_start a && keyd_start b && addresses a'
check "bring the tunnel up again" wait_until 20 ping_a 1 2
finish
