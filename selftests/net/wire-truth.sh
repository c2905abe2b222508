#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# vtun speaks ESP as the kernel's own XFRM does: shared manual keys, both
# directions, every suite, with and without ESN, every mix of inner and outer
# address family.
#
#	      a: vtun                               b: XFRM
#	+----------------------+             +----------------------+
#	| vt0: one child a cell|             | xf1 … xf24, if_id    |
#	| 10.1.C.1, fd01:C::1  |             | 10.2.C.1, fd02:C::1  |
#	|                   va |-------------| vb                   |
#	+----------------------+ 192.0.2.0/24+----------------------+
#	                         2001:db8::/64
#
# A cell C is one of 3 suites x ESN x outer family x inner family, with keys of
# its own. SAs with ESN start 40 numbers before 2^32, so that the half of the
# number that is not on the wire changes under traffic. The byte and packet
# counters of both ends must agree at the end.
#
# WIRE=xfrm puts XFRM at both ends: the proof that this script is right.
# FULL=1 pings with every size from 0 to 1400, otherwise with a few.
#
# Proves: E-01 E-02 E-03 E-04 (ESP, suites, ESN, families), B47 (counters)
# shellcheck source=selftests/net/lib.sh
. "$(dirname "$0")/lib.sh"

WIRE=${WIRE:-vtun}
OCTETS=${OCTETS:-256K}
ESN_START=4294967255
CELLS=24

# cell C: sets suite esn outer_f inner_f seq
cell() {
	local i=$(($1 - 1)) all
	read -ra all <<< "$SUITES"
	suite=${all[i / 8]}
	esn=noesn seq=0
	if [ $((i / 4 % 2)) = 1 ]; then
		esn=esn seq=$ESN_START
	fi
	outer_f=4 inner_f=4
	[ $((i / 2 % 2)) = 0 ] || outer_f=6
	[ $((i % 2)) = 0 ] || inner_f=6
}

inner() { # a|b CELL FAMILY
	local n=1
	[ "$1" = a ] || n=2
	if [ "$3" = 4 ]; then
		echo "10.$n.$2.1"
	else
		echo "fd0$n:$2::1"
	fi
}

subnet() { # a|b CELL FAMILY
	local host
	host=$(inner "$1" "$2" "$3")
	if [ "$3" = 4 ]; then
		echo "${host%.1}.0/24"
	else
		echo "${host%1}/64"
	fi
}

# spi FROM CELL
spi() {
	local base=4096
	[ "$1" = a ] || base=8192
	printf '0x%x' $((base + $2))
}

other() { if [ "$1" = a ]; then echo b; else echo a; fi; }

# Both ends take the same two keys of the cell: FROM-a and FROM-b
xfrm_end() { # NS
	local n=$1 o c from suite esn outer_f inner_f seq
	o=$(other "$n")
	for ((c = 1; c <= CELLS; c++)); do
		cell $c
		for from in a b; do
			xfrm_sa "$(outer $from "$outer_f")" \
				"$(outer "$(other $from)" "$outer_f")" \
				"$(spi $from $c)" "$suite" \
				"$TMP/key.$from.$c" "$esn" "$c" "$seq"
		done
		xfrm_door "$(outer "$n" "$outer_f")" \
			"$(outer "$o" "$outer_f")" "$c" "$inner_f"
		cat <<-X
		link add xf$c type xfrm dev v$n if_id $c
		addr add $(inner "$n" $c "$inner_f") dev xf$c
		link set xf$c mtu 1400 addrgenmode none up
		route add $(subnet "$o" $c "$inner_f") dev xf$c src $(inner "$n" $c "$inner_f")
		X
	done | sed '/addr add fd/s/$/ nodad/' > "$TMP/batch.$n"
	ipn "$n" -batch "$TMP/batch.$n"
}

vtun_end() { # NS
	local n=$1 o c suite esn outer_f inner_f seq flag
	o=$(other "$n")
	ipn "$n" link add vt0 type vtun
	ipn "$n" link set vt0 mtu 1400 addrgenmode none up
	for ((c = 1; c <= CELLS; c++)); do
		cell $c
		flag=
		[ "$esn" = noesn ] || flag=esn
		in_ns "$n" vtunctl child add "cell$c" dev vt0 \
			local "$(outer "$n" "$outer_f")" \
			remote "$(outer "$o" "$outer_f")" \
			local-ts "$(subnet "$n" $c "$inner_f")" \
			remote-ts "$(subnet "$o" $c "$inner_f")" || return
		# shellcheck disable=SC2086 # $flag is a word or none
		in_ns "$n" vtunctl sa install child "cell$c" \
			in spi "$(spi "$o" $c)" suite "$suite" \
			key "$TMP/key.$o.$c" $flag seq "$seq" \
			out spi "$(spi "$n" $c)" suite "$suite" \
			key "$TMP/key.$n.$c" $flag seq "$seq" || return
		cat >> "$TMP/batch.$n" <<-X
		addr add $(inner "$n" $c "$inner_f") dev vt0
		route add $(subnet "$o" $c "$inner_f") dev vt0 src $(inner "$n" $c "$inner_f")
		X
	done
	sed -i '/addr add fd/s/$/ nodad/' "$TMP/batch.$n"
	ipn "$n" -batch "$TMP/batch.$n"
}

make_keys() {
	local c suite esn outer_f inner_f seq
	for ((c = 1; c <= CELLS; c++)); do
		cell $c
		new_key "$TMP/key.a.$c" "$suite"
		new_key "$TMP/key.b.$c" "$suite"
	done
}

# usage of an SA as one end sees it: "PACKETS BYTES"
xfrm_usage() { # NS SENDER CELL
	local n=$1 from=$2 outer_f=$3 c=$4
	ipn "$n" -s xfrm state get proto esp spi "$(spi "$from" "$c")" \
		src "$(outer "$from" "$outer_f")" \
		dst "$(outer "$(other "$from")" "$outer_f")" |
	sed -n '/lifetime current/,$s/^\s*\([0-9]*\)(bytes), \([0-9]*\)(packets)/\2 \1/p'
}

vtun_usage() { # NS SENDER FAMILY CELL
	local dir=in sa
	[ "$1" != "$2" ] || dir=out
	sa="sas[dir=$dir,spi=$(spi "$2" "$4")]"
	vtun_get "$1" "$sa.packets $sa.bytes"
}

usage_agrees() { # FAMILY CELL
	local from a b
	for from in a b; do
		a=$("${WIRE}_usage" a $from "$1" "$2")
		b=$(xfrm_usage b $from "$1" "$2")
		if [ -z "$a" ] || [ "$a" != "$b" ]; then
			echo "from $from: a counts '$a', b counts '$b'"
			return 1
		fi
		[ "${a%% *}" -gt 40 ] || { echo "only $a"; return 1; }
	done
}

sizes=0-1400
[ "$FULL" = 1 ] || sizes=0-1400:97
plan $((2 + 2 + CELLS * 4))
if [ "$WIRE" = vtun ]; then begin vtun; else begin; fi
make_keys
ns_add a b
link_pair a va b vb
check "XFRM end set up, $CELLS cells" xfrm_end b
check "$WIRE end set up, $CELLS cells" "${WIRE}_end" a
serve a tcpcheck -l
serve b tcpcheck -l
for ((c = 1; c <= CELLS; c++)); do
	cell $c
	what="$suite $esn, inner IPv$inner_f in outer IPv$outer_f"
	to=$(inner b $c "$inner_f")
	back=$(inner a $c "$inner_f")
	check "$what: pings of $sizes octets" \
		in_ns a pings -s "$sizes" -w 8 -n 3 "$to"
	check "$what: TCP to XFRM" in_ns a tcpcheck -n "$OCTETS" "$to"
	check "$what: TCP to $WIRE" in_ns b tcpcheck -n "$OCTETS" "$back"
	check "$what: both ends count the same" usage_agrees "$outer_f" $c
done
finish
