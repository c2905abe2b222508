#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Transport mode between two hosts: vtun by policies on one, XFRM on the other.
#
#	[a: vtun] va ------------- vb [b: XFRM]
#	192.0.2.1, 2001:db8::1       192.0.2.2, 2001:db8::2
#
# Proves: E-03 (RFC 4303 3.1.1), RFC 3948 3.1.2, drop by reason transport
# shellcheck source=selftests/net/lib.sh
. "$(dirname "$0")/lib.sh"

FAMILY=4
to_b() { outer b $FAMILY; }

# ends FAMILY GENERATION [UDP]: both ends of a pair of SAs, policies
ends() {
	local f=$1 g=$2 from to udp='' words='' only='' c=c$1
	FAMILY=$f
	if [ -n "${3:-}" ]; then
		udp="encap espinudp 4500 4500 0.0.0.0"
		words="encap udp"
		# XFRM asks its policies about the outer UDP packet, too
		only="proto icmp"
	fi
	# shellcheck disable=SC2086 # words
	in_ns a vtunctl child add "$c" mode transport $words \
		local "$(outer a "$f")" remote "$(outer b "$f")" &&
	in_ns a vtunctl sa install child "$c" \
		in spi "$(spi_of b "$g")" suite "$SUITE" \
		key "$(gen_key b "$g")" \
		out spi "$(spi_of a "$g")" suite "$SUITE" \
		key "$(gen_key a "$g")" &&
	in_ns a vtunctl policy add protect child "$c" \
		local "$(outer a "$f")" remote "$(outer b "$f")" || return
	for from in a b; do
		to=b
		[ $from = a ] || to=a
		echo "xfrm state add src $(outer $from "$f")" \
			"dst $(outer $to "$f") proto esp" \
			"spi $(spi_of $from "$g") reqid $g mode transport" \
			"replay-window 64 aead '$(xfrm_aead "$SUITE")'" \
			"0x$(cat "$(gen_key $from "$g")") 128 $udp"
	done > "$TMP/batch"
	cat >> "$TMP/batch" <<-X
	xfrm policy add src $(outer b "$f") dst $(outer a "$f") $only dir out tmpl proto esp reqid $g mode transport
	xfrm policy add src $(outer a "$f") dst $(outer b "$f") $only dir in tmpl proto esp reqid $g mode transport
	X
	ipn b -batch "$TMP/batch"
}

no_ends() {
	in_ns a vtunctl policy flush
	in_ns a vtunctl flush
	ipn b xfrm policy flush
	ipn b xfrm state flush
}

# nothing but ESP, and what finds neighbours, is on the wire from here on
only_esp() {
	in_ns b nft -f - <<-X
	table netdev w {
	counter clear { }
	chain in { type filter hook ingress device vb priority 0;
	ip protocol { tcp, icmp } counter name clear
	udp dport != 4500 counter name clear
	ip6 nexthdr tcp counter name clear
	icmpv6 type echo-request counter name clear
	}
	}
	X
}
nothing_clear() {
	equal 0 "$(in_ns b nft list counter netdev w clear |
		awk '/packets/ { print $2 }')"
}

xfrm_usage() { # GENERATION: packets and octets b got
	ipn b -s xfrm state get proto esp spi "$(spi_of a "$1")" \
		src "$(outer a $FAMILY)" dst "$(outer b $FAMILY)" |
	sed -n '/lifetime current/,$s/^\s*\([0-9]*\)(bytes), \([0-9]*\)(packets)/\2 \1/p'
}

count_same() { # GENERATION: both ends
	local sa
	sa="sas[dir=out,spi=$(spi_of a "$1")]"
	equal "$(vtun_get a "$sa.packets $sa.bytes")" "$(xfrm_usage "$1")"
}

traffic() { # FAMILY GENERATION
	local to
	FAMILY=$1
	to=$(to_b)
	check "IPv$1: pings of many sizes" in_ns a pings -s 0-1400:97 -w 8 "$to"
	check "IPv$1: pings that need fragments" \
		in_ns a pings -n 2 -s 5000 "$to"
	check "IPv$1: both ends count the same" wait_until 2 count_same "$2"
	check "IPv$1: TCP to XFRM" in_ns a tcpcheck -n $((2048 / SLOW))K "$to"
	check "IPv$1: TCP from XFRM" in_ns a tcpcheck -R -n $((2048 / SLOW))K "$to"
	check "IPv$1: UDP" in_ns a flood -d 1 -s 1200 "$to"
}

transport_drops() { vtun_get a "children[name=c4].drops.transport"; }

plan 26
begin vtun
ns_add a b
link_pair a va b vb
serve b tcpcheck -l
serve b flood -l
refuse "a device is no door for it" "transport|device|polic" eval \
	'ipn a link add vt0 type vtun &&
	in_ns a vtunctl child add x dev vt0 mode transport local $OUT4_A remote $OUT4_B'
ipn a link del vt0
only_esp
check "both ends, IPv4" ends 4 1
traffic 4 1
check "nothing went in clear" nothing_clear

# --- what transport mode cannot carry
far_away() {
	ipn a addr add 192.0.2.77/24 dev va
	in_ns a vtunctl policy add protect child c4 local 192.0.2.77 \
		remote $OUT4_B || return
	not in_ns a pings -n 2 -t 300 -B 192.0.2.77 $OUT4_B &&
	[ "$(transport_drops)" -ge 1 ]
}
check "a packet of another address is refused" far_away
check "it did not go in clear" nothing_clear
check "the others still pass" in_ns a pings -n 3 $OUT4_B
check "both ends go" no_ends

check "both ends, IPv6" ends 6 2
traffic 6 2
check "nothing went in clear" nothing_clear
check "both ends go" no_ends

# --- in UDP: sockets at both ends
espinudp() { # NS: a socket that gives ESP in UDP to XFRM
	bg_ns "$1" python3 -c '
import socket, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("", 4500))
s.setsockopt(socket.IPPROTO_UDP, 100, 2)
time.sleep(600)'
}
espinudp b
# port 4500
wait_until 20 in_ns b grep -q :1194 /proc/net/udp
check "both ends, in UDP" ends 4 3 udp
natt_out() { # ours to XFRM: a socket of ours is natt.sh's business
	in_ns a ping -q -c 3 -i 0.2 -W 0.2 $OUT4_B > /dev/null
	# and our ICMP about the answers, for which there is no socket
	between 3 6 "$(xfrm_usage 3 | cut -d' ' -f1)"
}
check "XFRM takes our ESP in UDP" natt_out
finish
