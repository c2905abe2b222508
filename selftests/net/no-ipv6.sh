#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A kernel whose IPv6 was turned off when it was booted: the code is there, but
# nothing behind it. Frames of IPv6 come all the same.
#
#	10.1.0.1 vt0 [a] va ------------- vb [b] vt0 10.2.0.1
#
# kernel: ipv6.disable=1
# Proves: B41
# shellcheck source=selftests/net/lib.sh
. "$(dirname "$0")/lib.sh"

[ ! -d /proc/sys/net/ipv6 ] || skip_all "IPv6 is on"

end() { # NS PEER MINE OTHER
	ipn "$1" -batch - <<-X
	addr add $(outer "$1" 4)/24 dev v$1
	link set v$1 up
	link add vt0 type vtun
	link set vt0 up
	addr add 10.$3.0.1/24 dev vt0
	route add 10.$4.0.0/24 dev vt0
	X
	in_ns "$1" vtunctl child add c dev vt0 local "$(outer "$1" 4)" \
		remote "$(outer "$2" 4)" local-ts "10.$3.0.0/24,fd0$3::/64" \
		remote-ts "10.$4.0.0/24,fd0$4::/64"
}

# frame DESTINATION OCTETS: IPv6 that no stack of this host has made
frame() {
	in_ns a python3 - "$@" <<-X
	import socket, struct, sys
	pton = lambda a: socket.inet_pton(socket.AF_INET6, a)
	n = int(sys.argv[2])
	head = struct.pack(">IHBB", 6 << 28, n, 59, 64)
	s = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0x86dd)
	s.sendto(head + pton("fd01::1") + pton(sys.argv[1]) + bytes(n),
	         ("vt0", 0x86dd))
	X
}

drops_are() { # REASON N: SA and child
	equal "$2" "$(vtun_sum_drops a "$1")"
}
tx_dropped() { in_sys a cat /sys/class/net/vt0/statistics/tx_dropped; }
nobodys() {
	local before
	before=$(tx_dropped)
	frame fd09::1 40 && wait_until 2 dropped_more_than "$before"
}
dropped_more_than() { [ "$(tx_dropped)" -gt "$1" ]; }
wide() { # the device lets it pass, the path does not
	ipn a link set vt0 mtu 4000 && frame fd02::1 3000 &&
	wait_until 2 drops_are too-big 2
}
carried() { # what comes out at the other end is of no use there
	frame fd02::1 100 && wait_until 2 vtun_is b "$(sa_in b).packets" 1
}

plan 8
begin vtun
ns_add a b 2> /dev/null
ip link add va netns "$ME-a" type veth peer name vb netns "$ME-b"
check "tunnel" eval 'end a b 1 2 && end b a 2 1 && vtun_up'
check "IPv6 that no child carries" nobodys
check "IPv6 through the tunnel" carried
check "IPv6 that is too big" wide
check "IPv4" in_ns a pings -n 3 10.2.0.1
in_ns a vtunctl flush
check "the module goes and comes" eval 'ipn a link del vt0 &&
	ipn b link del vt0 && rmmod vtun && insmod "$KO"'
finish
