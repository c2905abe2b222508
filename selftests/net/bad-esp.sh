#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# ESP nobody honest sends, at a live gateway: forged, replayed, cut, for SPIs
# nobody has, and authentic packets of a peer gone mad. Each dies of its own
# counter and changes nothing else; the tunnel beside it does not notice.
#
#	vt0 [a] va ------------- vb [b] vt0		child c: honest flood
#	                            [b] forge		child x: forged at a
#
# Proves: R1 R2 R3, B35 B36 B38 B39, E-06 E-07 E-16 E-18 E-31 E-33 E-49 E-55
# shellcheck source=selftests/net/lib.sh
. "$(dirname "$0")/lib.sh"

SPI_X=0x00c0ffee SUITE_X=$SUITE

# child_x [esn] [SEQ]: an inbound SA of a that only forge has the other end of
child_x() {
	in_ns a vtunctl child del x 2> /dev/null
	in_ns a vtunctl child add x dev vt0 local $OUT4_A remote $OUT4_B \
		local-ts 10.1.0.0/24,fd01::/64 \
		remote-ts 10.66.0.0/24,fd66::/64 || return
	# shellcheck disable=SC2086 # words
	in_ns a vtunctl sa install child x in spi $SPI_X suite "$SUITE_X" \
		key "$TMP/key.x" window 64 ${1:-}
}

forge_x() {
	in_ns b forge -s $SPI_X -u "$SUITE_X" -k "$TMP/key.x" \
		-i 10.66.0.1 -o 10.1.0.1 $OUT4_A "$@"
}

forge_x6() {
	in_ns b forge -s $SPI_X -u "$SUITE_X" -k "$TMP/key.x" \
		-i fd66::1 -o fd01::1 $OUT4_A "$@"
}

X="sas[dir=in,spi=$SPI_X]"

dropped() { # REASON N [OBJECT]
	local n
	n=$(vtun_drops a "${3:-$X}" "$1")
	[ "$n" = "$2" ] || { echo "$1: wanted $2, got $n"; return 1; }
}

# died REASON N: N more than before, of that reason, and no packet was let in
died() {
	wait_until 3 dropped "$1" "$2"
}

rx_octets() { # of IP, that forge sent and the tunnel let in
	in_ns a nft list counter inet t forged | awk '/bytes/ { print $4 }'
}

accepted() { vtun_is a "$X.packets" "$1"; }

# raw FIRST-SEQ SIZE…: so many octets of text, each with every pad length
raw() {
	local seq=$1 n ops=()
	shift
	for n; do
		ops+=("raw:$seq-$((seq + 255)):$((n * 256))-$((n * 256 + 255))")
		seq=$((seq + 256))
	done
	forge_x "${ops[@]}"
}

# ESP in UDP that is nothing but pages of a file, whole and in fragments,
# authentic and forged; NUMBER: of the first packet
from_pages() {
	local seq=$1
	forge_x -n 4500 -f "$TMP/pages" \
		valid:$((seq))-$((seq + 19)) \
		flip:$((seq + 20))-$((seq + 29)):200-209 \
		tfc:$((seq + 30))-$((seq + 39)):2801-2810 \
		flip:$((seq + 40))-$((seq + 49)):400-409
}

gro() { # on|off
	in_ns a ethtool -K va gro "$1" && in_ns b ethtool -K vb gro "$1"
}

plan 63
begin vtun
new_key "$TMP/key.x" "$SUITE"
vtun_pair
check "the honest tunnel" vtun_up
serve b flood -l
in_ns a flood -u "$TMP/stop" -w 32 10.2.0.1 > "$TMP/flood" 2>&1 &
FLOOD=$!

in_ns a nft -f - <<X
table inet t {
	counter forged { }
	chain c {
		type filter hook input priority 0;
		iifname vt0 udp sport 9 counter name forged
	}
}
X
check "the victim" child_x
forge_x valid:1-10
check "10 good packets pass" wait_until 3 accepted 10

# --- forged: every octet of header, IV, text and ICV matters
forge_x flip:20-139:64-183
check "120 with a bit turned over in IV and text" died integrity 120
forge_x flip:140-179:480-519
check "40 more near the end" died integrity 160
forge_x grow:180:1-20
check "20 with something behind" died integrity 180
check "they proved nothing: no octet was charged" accepted 10
check "nor did they move the window" vtun_is a "$X.seq" 10

# --- replayed
forge_x valid:1-10
check "10 replayed" died replay-dup 10
forge_x valid:100
check "a jump of 90 is fine" wait_until 3 accepted 11
forge_x valid:11-36
check "26 left of the window of 64" died replay-old 26
forge_x valid:37
check "its left edge is inside" wait_until 3 accepted 12
forge_x valid:0
check "number 0 does not exist" died replay-zero 1

# --- cut to every length there is
before=$(vtun_get a info.drops.too-short)
forge_x cut:200:0-7
check "shorter than an ESP header: nobody's" wait_until 3 dropped too-short \
	$((${before:-0} + 8)) info
forge_x cut:200:8-33
check "26 lengths shorter than ESP can be" died too-short 26
forge_x cut:200:34-64
check "31 lengths that might be ESP" died integrity 211

# --- SPIs
before=$(vtun_get a info.drops.unknown-spi)
forge_x spi:200:1-50
check "50 of unknown SPI" wait_until 3 dropped unknown-spi \
	$((${before:-0} + 50)) info

# --- authentic, from a peer gone mad: each is a use of the SA all the same
forge_x padlen:200-299:100-199
check "100 pad lengths beyond the packet" died padding 100
forge_x padding:300-302
check "padding that does not count 1, 2, 3" died padding 103
forge_x next:303-305:0-2 next:306:6 next:307:17 next:308:255
check "next headers that are no tunnel" died next-header 6
forge_x dummy:310-330:0-20
check "21 dummies" died dummy 21
forge_x short:400-443:0-43
check "44 inner packets cut short, IPv4" died inner-header 44
# version and header length: octet 0 is not 0x45 … 0x4f
forge_x set:450-513:0-63
check "64 first octets that are no IPv4" died inner-header 108
forge_x set:520-535:80-95
check "16 more: IPv5" died inner-header 124
# total length: octets 2 and 3; 44 is right
forge_x set:540-559:768-787
check "20 total lengths below a header" died inner-header 144
forge_x set:560-579:813-832
check "20 total lengths beyond the packet" died inner-header 164
forge_x6 short:600-663:0-63
check "64 inner packets cut short, IPv6" died inner-header 228
forge_x6 set:670-680:1345-1355
check "11 payload lengths beyond the packet, IPv6" died inner-header 239
forge_x next:690:41
forge_x6 next:691:4
check "IPv4 called IPv6 and the other way" died inner-header 241
in_ns b forge -s $SPI_X -u "$SUITE_X" -k "$TMP/key.x" -i 10.67.0.1 -o 10.1.0.1 \
	$OUT4_A valid:700-709
in_ns b forge -s $SPI_X -u "$SUITE_X" -k "$TMP/key.x" -i 10.66.0.1 -o 10.9.0.1 \
	$OUT4_A valid:710-719
check "20 outside the selectors" died ts-mismatch 20

# --- by another way than the child's own: RFC 7296 2.23
before=$(vtun_get a "$X.packets")
in_ns b forge -s $SPI_X -u "$SUITE_X" -k "$TMP/key.x" -i 10.66.0.1 -o 10.1.0.1 \
	$OUT6_A valid:720-724
check "5 in the other outer family are taken" wait_until 3 \
	accepted $((before + 5))
serve a natt
forge_x -n 4500 valid:725-729
check "5 in UDP, too" wait_until 3 accepted $((before + 10))
forge_x -n 4500 flip:730-734:200-204
check "5 forged in UDP are not" died integrity 216
forge_x valid:735-739
check "and 5 as ever" wait_until 3 accepted $((before + 15))

# --- traffic flow confidentiality, RFC 4303 2.7: padding behind the packet
inside=$(rx_octets)
forge_x tfc:740-759:1-20
forge_x tfc:760:1200
forge_x6 tfc:761-780:1-20
forge_x6 tfc:781:1200
check "42 with padding behind the packet are taken" wait_until 3 \
	accepted $((before + 57))
check "what gets out is the packet alone" equal \
	$((inside + 21 * 44 + 21 * 64)) "$(rx_octets)"

# --- each first octet that is wrong, and more header than packet
forge_x set:1000-1004:64-68 set:1010-1169:96-255
check "165 more first octets: no header length, no version" \
	died inner-header 406
forge_x set:1170-1173:76-79
check "4 header lengths beyond the packet" died inner-header 410
forge_x6 set:1200-1295:0-95 set:1300-1443:112-255
check "240 first octets that are no IPv6" died inner-header 650

# --- pages of others: never written to, whether the ICV is right or not
before=$(vtun_get a "$X.packets")
n=216
for how in on off; do
	check "GRO $how" gro $how
	seq=$((1500 + ${#how} * 100))
	check "ESP in UDP from pages of a file is sent" from_pages $seq
	check "30 of them are taken" wait_until 3 accepted $((before + 30))
	check "20 forged ones are not" died integrity $((n + 20))
	check "no octet of the file is another" cmp "$TMP/pages" \
		"$TMP/pages.copy"
	before=$((before + 30)) n=$((n + 20))
done
forge_x tfc:1900-1919:2801-2820
check "20 in fragments are taken" wait_until 3 accepted $((before + 20))

# --- 0 to 64 octets of text with each pad length: as many as there are octets
# are padding of no packet
pads=$(vtun_drops a "$X" padding) inner=$(vtun_drops a "$X" inner-header)
# shellcheck disable=SC2046 # words
raw 2000 $(seq 0 64)
check "14495 pad lengths beyond 0 to 64 octets" died padding $((pads + 14495))
check "2145 that leave too little" died inner-header $((inner + 2145))

# --- the same for AES-CBC: 61 of these sizes are no blocks
SUITE_X=aes128cbc-sha256
new_key "$TMP/key.x" $SUITE_X
check "a victim with AES-CBC" child_x
forge_x valid:1-10
check "10 good packets pass" wait_until 3 accepted 10
raw 1000 14 30 46 62
check "868 pad lengths beyond whole blocks" died padding 868
check "156 that leave too little" died inner-header 156
ops=()
for n in {0..64}; do
	[ $((n % 16)) = 14 ] || ops+=("raw:$((3000 + n)):$((n * 256))")
done
forge_x "${ops[@]}"
check "61 sizes that are no blocks" died integrity 61
SUITE_X=$SUITE
new_key "$TMP/key.x" "$SUITE"

# --- ESN: the half that is not on the wire is authenticated
child_x esn
in_ns b forge -e 0 -s $SPI_X -u "$SUITE_X" -k "$TMP/key.x" -i 10.66.0.1 \
	-o 10.1.0.1 $OUT4_A valid:1-5
check "ESN: right high half" wait_until 3 accepted 5
in_ns b forge -e 1 -s $SPI_X -u "$SUITE_X" -k "$TMP/key.x" -i 10.66.0.1 \
	-o 10.1.0.1 $OUT4_A valid:6-10
check "ESN: wrong high half" died integrity 5
forge_x valid:6-10
check "ESN: none at all" died integrity 10

# --- the honest tunnel beside it
: > "$TMP/stop"
wait $FLOOD
check "the honest tunnel lost nothing" eval \
	'cat "$TMP/flood"; grep " lost 0 dup 0 " "$TMP/flood"'
finish
