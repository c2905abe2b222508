#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Transport mode through a NAT, in UDP. The checksum of TCP and UDP was made
# over other addresses than those that arrive: the receiver makes it anew
# (RFC 3948 3.1.2). What its stack gets is looked at by tcpdump, since the stack
# itself believes what was authentic.
#
#	[a] va 10.0.0.1 -- 10.0.0.9 [r: NAT] 192.0.2.9 -- 192.0.2.2 vb [b]
#
# Proves: E-03 E-14 (RFC 3948 3.1.2)
# shellcheck source=selftests/net/lib.sh
. "$(dirname "$0")/lib.sh"

NAT=192.0.2.9 HOST_A=10.0.0.1 PORT=10001

net() {
	ns_add a r b
	ip link add va netns "$ME-a" type veth peer name ra netns "$ME-r"
	ip link add vb netns "$ME-b" type veth peer name rb netns "$ME-r"
	ipn a -batch - <<-X &&
	addr add $HOST_A/24 dev va
	link set va up
	route add default via 10.0.0.9
	X
	ipn r -batch - <<-X &&
	addr add 10.0.0.9/24 dev ra
	addr add $NAT/24 dev rb
	link set ra up
	link set rb up
	X
	ipn b -batch - <<-X &&
	addr add $OUT4_B/24 dev vb
	link set vb up
	X
	in_ns r nft -f - <<-X &&
	table inet t {
		counter clear { }
		chain nat {
			type nat hook postrouting priority srcnat;
			oifname rb ip protocol udp masquerade to :$PORT
		}
		chain f {
			type filter hook forward priority 0;
			udp dport 4500 accept
			udp sport 4500 accept
			counter name clear
		}
	}
	X
	# segments put together have a checksum for the device to fill in
	in_ns a ethtool -K va gro off > /dev/null &&
	in_ns b ethtool -K vb gro off > /dev/null &&
	serve a natt && serve b natt
}

end() { # NS LOCAL REMOTE [WORDS…]
	local n=$1 l=$2 r=$3 o=b
	[ "$n" = a ] || o=a
	shift 3
	in_ns "$n" vtunctl batch <<-X
	child add c mode transport encap udp local $l remote $r $*
	sa install child c in spi $(spi_of $o 1) suite $SUITE key $(gen_key $o 1) out spi $(spi_of "$n" 1) suite $SUITE key $(gen_key "$n" 1)
	policy add protect child c local $l remote $r
	X
}

watch() { # NS DEV FILTER: until stop_watching
	: > "$TMP/seen"
	bg_ns "$1" tcpdump -n -vv -l --immediate-mode -s 1600 -B 8192 -i "$2" "$3" > "$TMP/seen" 2> "$TMP/watch"
	WATCH=$!
	wait_until 10 grep -q 'listening on' "$TMP/watch"
}

# so many lines of packets with a checksum that is right, none other
sums() { # AT-LEAST PATTERN
	wait_until 5 seen_are "$@" || { head -n 20 "$TMP/seen"; return 1; }
	kill $WATCH
	wait $WATCH 2> /dev/null
	# as words: a right one may end in "bad"
	not grep -wE 'incorrect|bad' "$TMP/seen"
}
seen_are() { # AT-LEAST PATTERN
	between "$1" 100000 "$(grep -cE "$2" "$TMP/seen")"
}

without_sum() { # IPv4 allows UDP that has none; it is not given one
	in_ns a python3 -c '
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, 11, 1)
for i in range(3):
    s.sendto(b"nothing but text", (sys.argv[1], 9))' $OUT4_B
	wait_until 3 eval '[ "$(grep -c "no cksum" "$TMP/seen")" = 3 ]'
}

none_clear() {
	equal 0 "$(in_ns r nft list counter inet t clear |
		awk '/packets/ { print $2 }')"
}

plan 15
command -v tcpdump > /dev/null || skip_all "tcpdump is missing"
begin vtun
check "two hosts and a NAT" net
check "a, who is behind it" end a $HOST_A $OUT4_B
check "b, who sees the NAT" end b $OUT4_B $NAT remote-port $PORT
check "pings" in_ns a pings -n 5 -t 3000 $OUT4_B
serve b tcpcheck -l
serve b flood -l
watch b vb "tcp and src $NAT"
check "TCP" in_ns a tcpcheck -n 100K $OUT4_B
check "its checksums are right at b" sums 20 '\(correct\)'
watch a va "tcp and src $OUT4_B"
check "TCP the other way" in_ns a tcpcheck -R -n 100K $OUT4_B
check "its checksums are right at a" sums 20 '\(correct\)'
watch b vb "udp and src $NAT and not port 4500"
check "UDP" in_ns a flood -n 50 -i 1000 $OUT4_B
check "its checksums are right at b" sums 50 'udp sum ok'
watch b vb "udp and src $NAT and dst port 9"
check "UDP without a checksum" without_sum
kill $WATCH
check "nothing was refused" equal 0 \
	"$(vtun_sum_drops b 'transport|ts-mismatch|inner-header')"
check "nothing passed in clear" none_clear
finish
