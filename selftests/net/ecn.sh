#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# DSCP and ECN through the tunnel, each cell of the tables by packets on the
# wire. The other end is XFRM, whose outer header netfilter changes on the way.
#
#	10.1.0.1 vt0 [a: vtun] va ------------- vb [b: XFRM] xf1 10.2.0.1
#
# Inner packets have the DSCP 8 + their ECN field, by which they are told apart.
# ECN fields are written as n (not ECT), 1, 0, C (CE), in the order of the
# numbers on the wire; X is a packet that does not arrive.
#
# Proves: E-21 E-22 (RFC 6040 figures 3 and 4, RFC 2983), drop by reason ecn
# shellcheck source=selftests/net/lib.sh
. "$(dirname "$0")/lib.sh"

CODES="n10C"
NFT=([0]=not-ect [1]=ect1 [2]=ect0 [3]=ce)
WAIT=$((SLOW / 2)).$((SLOW % 2 * 5)) # half a second
# shellcheck disable=SC2034 # by composed name
INNER4_A=10.1.0.1 INNER4_B=10.2.0.1 INNER6_A=fd01::1 INNER6_B=fd02::1

inner() { local v=INNER$2_${1^^}; echo "${!v}"; }

xfrm_end() {
	local from to
	for from in a b; do
		to=b
		[ $from = a ] || to=a
		xfrm_sa "$(outer $from 4)" "$(outer $to 4)" "$(spi_of $from 1)" \
			"$SUITE" "$(gen_key $from 1)" noesn 1 0
	done > "$TMP/batch"
	xfrm_door $OUT4_B $OUT4_A 1 4 >> "$TMP/batch"
	xfrm_door $OUT4_B $OUT4_A 1 6 >> "$TMP/batch"
	cat >> "$TMP/batch" <<-X
	link add xf1 type xfrm dev vb if_id 1
	link set xf1 mtu 1400 addrgenmode none up
	addr add $INNER4_B/24 dev xf1
	addr add $INNER6_B/64 dev xf1 nodad
	route add 10.1.0.0/24 dev xf1 src $INNER4_B
	route add fd01::/64 dev xf1 src $INNER6_B
	X
	ipn b -batch "$TMP/batch"
}

# every DSCP that tells the inner field, every ECN field: a counter of each
counters() { # NS "MATCH" FAMILY: of packets that come in
	local i e f=ip
	[ "$3" = 4 ] || f=ip6
	echo "table inet t {"
	for i in 0 1 2 3; do
		for e in 0 1 2 3; do
			echo "counter c$i$e { }"
		done
	done
	echo "chain pre { type filter hook prerouting priority -450;"
	for i in 0 1 2 3; do
		for e in 0 1 2 3; do
			echo "$2 $f dscp $((8 + i)) $f ecn ${NFT[e]}" \
				"counter name c$i$e"
		done
	done
	echo "}"
	echo "}"
}

watch() { # NS MATCH FAMILY
	in_ns "$1" nft delete table inet t 2> /dev/null
	counters "$@" > "$TMP/nft" && in_ns "$1" nft -f "$TMP/nft"
}

# row NS: what became of the four inner fields, as a word of four letters
row() {
	in_ns "$1" nft -j list counters table inet t | jq -r '.nftables[]
		| .counter | select(. != null) | "\(.name) \(.packets)"' |
	awk -v codes=$CODES '$2 > 0 {
			i = substr($1, 2, 1); e = substr($1, 3, 1)
			got[i] = got[i] substr(codes, e + 1, 1)
		}
		END { for (i = 0; i < 4; i++) printf "%s", got[i] ? got[i] : "X"
			print "" }'
}

four_pings() { # NS ADDRESS [FIRST-DSCP]
	local i pids=()
	for i in 0 1 2 3; do
		in_ns "$1" ping -q -c 1 -W "$WAIT" -Q $(((${3:-8} + i) << 2 | i)) \
			"$2" > /dev/null &
		pids+=($!)
	done
	wait "${pids[@]}"
	return 0
}

entering() { # FAMILY WANT: on the wire, with what the inner packets say
	watch b "ip protocol esp" 4
	four_pings a "$(inner b "$1")"
	equal "$2" "$(row b)"
}

# the outer DSCP alone tells nothing about the inner one any more
entering_as() { # DSCP WANT-ECN-OF-ALL
	in_ns b nft delete table inet t 2> /dev/null
	in_ns b nft -f - <<-X
	table inet t {
	counter right { }
	counter total { }
	chain pre { type filter hook prerouting priority -450;
	ip protocol esp counter name total
	ip protocol esp ip dscp $1 ip ecn $2 counter name right
	}
	}
	X
	four_pings a $INNER4_B
	in_ns b nft list counters > "$TMP/counters"
	equal "4 4" "$(awk '/packets/ { printf "%s%s", s, $2; s = " " }' \
		"$TMP/counters")"
}

# leaving FAMILY OUTER-FIELD WANT: what is inside when it has left
leaving() {
	in_ns b nft delete table ip o 2> /dev/null
	in_ns b nft -f - <<-X || return
	table ip o {
	chain post { type filter hook postrouting priority 300;
	ip protocol esp ip ecn set ${NFT[$2]}
	}
	}
	X
	watch a "iifname vt0" "$1"
	four_pings b "$(inner a "$1")"
	in_ns b nft delete table ip o
	equal "$3" "$(row a)"
}

# the outer DSCP is set to 40: did it get inside?
leaving_as() { # WANT-DSCP
	in_ns b nft -f - <<-X || return
	table ip o {
	chain post { type filter hook postrouting priority 300;
	ip protocol esp ip dscp set 40
	}
	}
	X
	in_ns a nft delete table inet t 2> /dev/null
	in_ns a nft -f - <<-X
	table inet t {
	counter right { }
	chain pre { type filter hook prerouting priority -450;
	iifname vt0 ip dscp $1 counter name right
	}
	}
	X
	in_ns b ping -q -c 2 -i 0.2 -W "$SLOW" -Q $((10 << 2)) $INNER4_A > /dev/null
	in_ns b nft delete table ip o
	equal 2 "$(in_ns a nft list counters | awk '/packets/ { print $2 }')"
}

child_set() { in_ns a vtunctl child set c "$@"; }

plan 25
begin vtun
ns_add a b
link_pair a va b vb
vtun_gateway a b
check "SAs of vtun" vtun_install a 1
check "XFRM at the other end" xfrm_end
check "they speak with each other" in_ns a pings -n 3 $INNER4_B

for f in 4 6; do
	check "IPv$f enters in normal mode: outside as inside" entering $f n10C
	check "IPv$f leaves, outside not ECT" leaving $f 0 n10C
	check "IPv$f leaves, outside ECT(1)" leaving $f 1 n11C
	check "IPv$f leaves, outside ECT(0)" leaving $f 2 n10C
	check "IPv$f leaves, outside CE" leaving $f 3 XCCC
done
dropped() { equal 2 "$(vtun_drops a "$(sa_in a)" ecn)"; }
check "CE on packets that are not ECT is counted" dropped
check "compatibility mode" child_set no-ecn yes
check "IPv4 enters: never ECT" entering 4 nnnn
check "IPv6 enters: never ECT" entering 6 nnnn
check "IPv4 leaves as before, outside CE" leaving 4 3 XCCC
check "the outer DSCP is 46" child_set dscp 46
check "that is what the wire shows" entering_as 46 not-ect
check "inner DSCP stays when it leaves" leaving_as 10
check "until it is taken from outside" child_set decap-dscp yes
check "then it does not" leaving_as 40
finish
