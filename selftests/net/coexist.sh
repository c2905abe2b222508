#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# vtun and XFRM share a host: each gets the ESP that is its own, whoever came
# first, and what belongs to neither is counted once.
#
#	      a: vtun and XFRM                      b: vtun and XFRM
#	+----------------------+             +----------------------+
#	| vt0: 10.1.0.1        |             | vt0: 10.2.0.1        |
#	| xf1: 10.3.0.1     va |-------------| vb    xf1: 10.4.0.1  |
#	+----------------------+             +----------------------+
#
# Proves: E-31 E-49, R1 (unknown SPI counted), two systems on one host
# shellcheck source=selftests/net/lib.sh
. "$(dirname "$0")/lib.sh"

xfrm_end() { # NS PEER-NS OWN-ADDRESS PEER-NET
	local from f
	for f in 4 6; do
		for from in a b; do
			xfrm_sa "$(outer $from $f)" \
				"$(outer "$(other $from)" $f)" \
				"0x${f}00$from" aes128gcm16 "$TMP/xkey.$from" \
				noesn $f 0
		done
		xfrm_door "$(outer "$1" $f)" "$(outer "$2" $f)" $f 4
		echo "link add xf$f type xfrm dev v$1 if_id $f"
		echo "link set xf$f up"
	done > "$TMP/batch"
	cat >> "$TMP/batch" <<-X
	addr add $3 dev xf4
	route add $4 dev xf4 src $3
	X
	ipn "$1" -batch "$TMP/batch"
}

other() { if [ "$1" = a ]; then echo b; else echo a; fi; }

unknown_counted() { # HOW-MANY
	local got
	got=$(vtun_get a info.drops.unknown-spi)
	[ "$got" = "$1" ] || { echo "$got, not $1"; return 1; }
}

stranger() { # ADDRESS OP…: ESP with an SPI nobody has
	local to=$1 inner=10.2.0.1
	shift
	in_ns b forge -s 0x77777777 -u aes128gcm16 -k "$TMP/xkey.a" \
		-i $inner -o 10.1.0.1 "$to" "$@"
}

plan 13
begin vtun
new_key "$TMP/xkey.a" aes128gcm16
new_key "$TMP/xkey.b" aes128gcm16
vtun_pair
xfrm_end a b 10.3.0.1 10.4.0.0/24
xfrm_end b a 10.4.0.1 10.3.0.0/24
check "XFRM works while vtun has no SA" in_ns a pings -n 20 10.4.0.1
check "vtun SAs beside those of XFRM" vtun_up
check "vtun works" in_ns a pings -n 20 10.2.0.1
check "XFRM still works" in_ns b pings -n 20 10.3.0.1
refuse "an SPI of XFRM is not taken" "XFRM.*SPI" in_ns a vtunctl sa install \
	child c in spi 0x400b suite "$SUITE" key "$(gen_key b 2)"
serve b flood -l
in_ns a flood -d 3 10.2.0.1 > "$TMP/flood.vtun" &
FLOOD=$!
check "XFRM pings under a vtun flood" in_ns a pings -n 300 -w 4 10.4.0.1
wait $FLOOD
check "the flood lost nothing" grep ' lost 0 ' "$TMP/flood.vtun"
stranger $OUT4_A valid:1-7
stranger $OUT6_A valid:1-3
check "what is nobody's is counted by vtun" wait_until 2 unknown_counted 10
check "and XFRM saw it, too" in_ns a grep -E 'XfrmInNoStates\s+10$' \
	/proc/net/xfrm_stat
rmmod_ok() {
	ipn a link del vt0 && ipn b link del vt0 && rmmod vtun
}
check "vtun goes" rmmod_ok
check "XFRM works without it" in_ns a pings -n 20 10.4.0.1
finish
