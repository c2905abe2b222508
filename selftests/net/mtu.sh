#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What fits a tunnel, and who is told: senders behind the gateway and on it,
# from the first packet on. What may be fragmented is, on the right side.
#
#	10.9.0.2 h0 [h] ---- ha [a] va ======== vb [b] vt0 10.2.0.1
#	fd09::2          vt0    MTU of the link 1400    fd02::1
#
# Proves: E-23 E-24 E-25 E-26, B49 B50, Packet Too Big of the device door
# shellcheck source=selftests/net/lib.sh
. "$(dirname "$0")/lib.sh"

host_behind_a() {
	ns_add h
	ip link add h0 netns "$ME-h" type veth peer name ha netns "$ME-a"
	ipn h -batch - <<-X
	link set h0 up
	addr add 10.9.0.2/24 dev h0
	addr add fd09::2/64 dev h0 nodad
	route add default via 10.9.0.1
	route add default via fd09::1
	X
	ipn a -batch - <<-X
	link set ha up
	addr add 10.9.0.1/24 dev ha
	addr add fd09::1/64 dev ha nodad
	X
	ipn b -batch - <<-X
	route add 10.9.0.0/24 dev vt0
	route add fd09::/64 dev vt0
	X
}

# fresh [CHILD-WORDS…]: new children without a packet behind them, new SAs; no
# path MTU is remembered. TS covers the host, too.
fresh() {
	local n o i j
	GEN=$((GEN + 1))
	for n in a b; do
		o=b i=1 j=2
		[ "$n" = a ] || o=a i=2 j=1
		in_ns "$n" vtunctl child del c 2> /dev/null
		in_ns "$n" vtunctl child add c dev vt0 \
			local "$(outer "$n" "$OUTER")" remote "$(outer "$o" "$OUTER")" \
			"$@" || return
		ipn "$n" link set vt0 mtu 1500
		vtun_install "$n" "$GEN" || return
	done
	for n in h a; do
		ipn "$n" route flush cache
		ipn "$n" -6 route flush cache
	done
}
GEN=0

passes() { # NS ADDRESS SIZE [do|dont|want]
	local head=28
	[[ $2 != *:* ]] || head=48
	in_ns "$1" ping -n -q -c 1 -W 2 -M "${4:-do}" \
		-s $(($3 - head)) "$2"
}

mtu_shown() { equal "$1" "$(vtun_get a "children[name=c].mtu")"; }

# counts of what b gets: outer fragments, outer packets with and without DF
watch_wire() {
	in_ns b nft delete table ip w 2> /dev/null
	in_ns b nft -f - <<-X
	table ip w {
	counter n_frag { }
	counter n_df { }
	counter n_nodf { }
	chain pre { type filter hook prerouting priority -450;
	iifname vb ip frag-off & 0x3fff != 0 counter name n_frag
	iifname vb ip protocol esp ip frag-off & 0x4000 != 0 counter name n_df
	iifname vb ip protocol esp ip frag-off & 0x7fff == 0 counter name n_nodf
	}
	}
	X
}
wire() { # COUNTER
	in_ns b nft list counter ip w "n_$1" | awk '/packets/ { print $2 }'
}

# sent COUNTER: it moved, and the others of FRAG DF NODF given as "not" did not
only() { # COUNTER…: exactly these saw packets
	local c want got
	for c in frag df nodf; do
		want=0
		[[ " $* " != *" $c "* ]] || want=1
		got=$(wire $c)
		[ $((got > 0)) = $want ] || { echo "$c: $got"; return 1; }
	done
}

overhead() { # SUITE OUTER ENCAP WANT: MTU of a child over 1400 octets
	SUITE=$1 OUTER=$2
	rm -f "$TMP"/key.*
	# shellcheck disable=SC2086 # words
	fresh $3 || return
	# a packet makes it known, whether it gets anywhere or not
	in_ns a ping -n -q -c 1 -W 0.1 10.2.0.1 > /dev/null
	mtu_shown "$4"
}

outer_is() { # SIZE OCTETS: a packet of SIZE makes an outer one of OCTETS
	in_ns b nft delete table ip l 2> /dev/null
	in_ns b nft -f - <<-X || return
	table ip l {
	counter n_len { }
	chain pre { type filter hook prerouting priority -450;
	iifname vb ip protocol esp ip length $2 counter name n_len
	}
	}
	X
	passes h 10.2.0.1 "$1" || return
	in_ns b nft list counter ip l n_len | grep "packets 1 "
}

clamped() { # MSS FAMILY: what b sees in the SYN of a
	local addr=10.2.0.1
	[ "$2" = 4 ] || addr=fd02::1
	in_ns b nft delete table inet m 2> /dev/null
	in_ns b nft -f - <<-X || return
	table inet m {
	counter n_mss { }
	chain pre { type filter hook prerouting priority -450;
	iifname vt0 tcp flags syn tcp option maxseg size $1 counter name n_mss
	}
	}
	X
	in_ns a tcpcheck -n 100K $addr || return
	in_ns b nft list counter inet m n_mss | grep "packets [1-9]" > /dev/null
}

plan 57
begin vtun
vtun_pair > /dev/null
ipn a link set va mtu 1400
ipn b link set vb mtu 1400
host_behind_a
serve b tcpcheck -l

# --- MTU of a child: 1400 less the outer headers, the IV, the ICV, and padding
# to the block of the cipher with 2 octets of trailer
check "AES-GCM" overhead aes128gcm16 4 "" 1346
check "AES-GCM over IPv6" overhead aes128gcm16 6 "" 1326
check "AES-GCM in UDP" overhead aes128gcm16 4 "encap udp" 1338
check "ChaCha20 in UDP over IPv6" overhead chacha20poly1305 6 "encap udp" 1318
check "AES-GCM with an implicit IV" overhead aes128gcm16-iiv 4 "" 1354
check "as much fits" passes a 10.2.0.1 1354
check "AES-CBC with SHA-256" overhead aes128cbc-sha256 4 "" 1326
check "as much fits" passes a 10.2.0.1 1326
SUITE=aes128gcm16 OUTER=4
rm -f "$TMP"/key.*

# --- the first packet with DF over a path nobody has used
check "fresh" fresh
check "forwarded IPv4: told" told h 10.2.0.1 1400 1346
check "what it was told fits" passes h 10.2.0.1 1346
check "fresh" fresh
check "forwarded IPv6: told" told h fd02::1 1400 1346
check "what it was told fits" passes h fd02::1 1346
check "fresh" fresh
check "own IPv4: told" told a 10.2.0.1 1400 1346
check "own IPv6: told" told a fd02::1 1400 1346
check "what it was told fits" passes a 10.2.0.1 1346
check "both are counted" eval \
	'[ "$(vtun_drops a "$(sa_out a $GEN)" too-big)" -ge 2 ]'
check "TCP finds its way" in_ns h tcpcheck -n 300K 10.2.0.1
check "and over IPv6" in_ns h tcpcheck -n 300K fd02::1

# --- IPv4 that may be fragmented: before it is encrypted, RFC 4301 8.2.1
watch_wire
check "4000 octets without DF pass" passes h 10.2.0.1 4000 dont
check "in ESP packets that are no fragments" only nodf
check "own ones as well" passes a 10.2.0.1 8000 dont
check "in no fragments either" only nodf
watch_wire
check "with DF, outer packets have it, too" passes h 10.2.0.1 1300
check "and only such" only df
check "IPv6, too" passes h fd02::1 1300
check "sets DF outside" only df

# --- large packets have whole blocks of the cipher, RFC 4303 2.4, if these fit:
# 20 + 8 + 8 octets before the text and 16 behind it
check "1000 octets: words" outer_is 1000 1056
check "1030 octets: blocks" outer_is 1030 1092
check "1322 octets: blocks" outer_is 1322 1380
check "1346 octets: no room" outer_is 1346 1400

# --- the other ways to treat DF
check "fresh, DF clear" fresh df clear
watch_wire
check "DF inside does not keep it from passing" passes h 10.2.0.1 1400
check "in fragments outside" eval 'only frag nodf || only frag'
check "IPv6 as well" passes h fd02::1 1400
check "without DF it is still cut before" passes h 10.2.0.1 4000 dont
check "fresh, DF set" fresh df set
watch_wire
check "without DF inside" passes h 10.2.0.1 1000 dont
check "DF outside" only df
check "cut before, too" passes h 10.2.0.1 4000 dont
check "DF outside of each" only df

# --- selectors with ports: fragments behind the first have none to look at
check "fresh, UDP ports only" fresh local-ts "0.0.0.0/0[udp/7000-7999]" \
	remote-ts "0.0.0.0/0[udp/7000-7999]"
udp_ports() {
	in_ns a python3 -c '
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.IPPROTO_IP, 10, 0)
s.bind(("10.1.0.1", 7000))
s.sendto(b"x" * 3000, ("10.2.0.1", 7001))'
}
ports_arrive() { equal 1 "$(vtun_get b "$(sa_in b $GEN).packets")"; }
watch_wire
# the device cuts by its MTU before we see the packet
ipn a link set vt0 mtu 4000
check "a datagram of 3000 octets" udp_ports
check "arrives in one ESP packet" wait_until 2 ports_arrive
check "of several fragments" eval '[ "$(wire frag)" -ge 3 ]'

# --- a path narrower than IPv6 allows inside, B49
check "fresh" fresh
ipn a link set va mtu 1300
ipn b link set vb mtu 1300
check "IPv6 of 1280 octets over 1300 passes" passes h fd02::1 1280
check "what is larger is told 1280" told h fd02::1 1290 1280

# --- segment sizes
ipn a link set va mtu 1400
ipn b link set vb mtu 1400
check "fresh, clamp by the MTU" fresh mss auto
in_ns a ping -n -q -c 1 10.2.0.1 > /dev/null
check "IPv4: 1346 - 40" clamped 1306 4
check "IPv6: 1346 - 60" clamped 1286 6
check "fresh, a number" fresh mss 1000
check "it is a thousand" clamped 1000 4
finish
