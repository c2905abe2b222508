#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The vtun device: every MTU that matters, a smaller link below it, packets
# larger than it carries. Moves and deletes are in netns.sh.
#
#	10.1.0.1 vt0 [a] va ------------- vb [b] vt0 10.2.0.1
#
# Proves: E-24 E-36, B50
# shellcheck source=selftests/net/lib.sh
. "$(dirname "$0")/lib.sh"

ping_ok() { in_ns a pings -n 5 10.2.0.1; }

mtu_sweep() { # every size that matters; a packet as large as the MTU passes
	local mtu
	for mtu in 1280 1281 1300 1400 1420 1437 1438; do
		ipn a link set vt0 mtu $mtu && ipn b link set vt0 mtu $mtu &&
		in_ns a pings -n 1 -s $((mtu - 28)) 10.2.0.1 &&
		in_ns a pings -n 1 -s $((mtu - 48)) fd02::1 || {
			echo "MTU $mtu"
			return 1
		}
	done
}

# below what IPv6 needs, and the largest there is: then inner packets are made to
# fit, by their senders
mtu_ends() {
	local mtu
	for mtu in 68 1279; do
		ipn a link set vt0 mtu $mtu && ipn b link set vt0 mtu $mtu &&
		in_ns a pings -n 1 -s 0-$((mtu - 28)):20 10.2.0.1 &&
		in_ns a pings -n 1 -s 3000 10.2.0.1 || {
			echo "MTU $mtu"
			return 1
		}
	done
	mtu=$(ipn a -d link show vt0 | sed -n 's/.* maxmtu \([0-9]*\).*/\1/p')
	ipn a link set vt0 mtu "$mtu" && ipn b link set vt0 mtu "$mtu" &&
	not ipn a link set vt0 mtu $((mtu + 1)) &&
	wait_until 5 in_ns a pings -n 1 -t 500 -s 1300-65000:16000 10.2.0.1
}

# nothing has to pass, until the link is what it was
tiny_link() {
	local mtu
	for mtu in 68 69 75 76 77 100 576; do
		ipn a link set va mtu $mtu && ipn b link set vb mtu $mtu ||
			return
		in_ns a pings -n 1 -t 50 -s 0-1400:200 10.2.0.1
		in_ns b pings -n 1 -t 50 -s 0-1400:200 10.1.0.1
	done > /dev/null
	ipn a link set va mtu 1500 && ipn b link set vb mtu 1500 &&
	wait_until 5 in_ns a pings -n 1 -s 0-1400:200 10.2.0.1
}

as_before() { # IPv6 went where the MTU was too small for it
	local n i j
	for n in "a 1 2" "b 2 1"; do
		read -r n i j <<< "$n"
		ipn $n -batch - <<-X || return
		link set vt0 mtu 1400
		addr replace fd0$i::1/64 dev vt0 nodad
		route replace fd0$j::/64 dev vt0 src fd0$i::1
		X
	done
	ping_ok && in_ns a pings -n 1 -s 1340 fd02::1
}

# larger than a packet of the link: fragments of the inner packet, or of ESP
big_pings() { in_ns a pings -n 2 -s 8000 10.2.0.1 && in_ns a pings -n 2 -s 8000 fd02::1; }

slow_path() { # a small outer MTU is learnt by ICMP or known by the route
	ipn a link set va mtu 1300 && ipn b link set vb mtu 1300
	in_ns a tcpcheck -n 200K 10.2.0.1 && in_ns b tcpcheck -n 200K fd01::1
}

plan 16
begin vtun
vtun_pair
check "tunnel is up" vtun_up
check "pings pass" ping_ok
check "the device has an MTU that fits into 1500" between 1280 1450 \
	"$(in_sys a cat /sys/class/net/vt0/mtu)"
check "MTU sweep" mtu_sweep
check "an MTU of 68, 1279 and the largest there is" mtu_ends
check "a link of 68 octets and a little more" tiny_link
check "as before" as_before
refuse "an MTU of 65535" "mtu|invalid|argument" ipn a link set vt0 mtu 65535
refuse "an MTU of 0" "mtu|invalid|argument" ipn a link set vt0 mtu 0
refuse "an MTU beyond all" "mtu|invalid|argument" ipn a link set vt0 mtu 70000
check "pings of 8000 octets" big_pings
serve a tcpcheck -l
serve b tcpcheck -l
check "TCP over a link of 1300" slow_path
check "it counts what passes" eval \
	'[ "$(in_sys a cat /sys/class/net/vt0/statistics/tx_packets)" -gt 100 ]'

cleanup
check "module can be unloaded" wait_until 10 rmmod vtun
finish
