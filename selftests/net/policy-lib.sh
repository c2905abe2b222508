# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Two gateways with the policy door, a router between them that would pass
# everything in clear as well, and counts what it sees; a host behind each.
#
#	[ha] 10.1.0.2 -- [a] va -- [r] -- vb [b] -- 10.2.0.2 [hb]
#	     fd01::2     192.0.2.1     198.51.100.2    fd02::2
#
# Child "c" of each gateway with the keys of lib.sh, OUTER is the family of the
# tunnel.

# shellcheck disable=SC2034 # for lib.sh
OUT4_A=192.0.2.1 OUT4_B=198.51.100.2 OUT6_A=2001:db8:1::1 OUT6_B=2001:db8:2::2

ups() { # DEV ADDRESS…: lines for ip -batch
	local dev=$1 x
	shift
	for x; do
		case $x in
		*:*) echo "addr add $x dev $dev nodad" ;;
		*) echo "addr add $x dev $dev" ;;
		esac
	done
	echo "link set $dev up"
}

wire() { # NS DEV ADDRESS ADDRESS, NS DEV ADDRESS ADDRESS: a veth pair
	ip link add "$2" netns "$ME-$1" type veth peer name "$6" \
		netns "$ME-$5"
	ups "$2" "$3" "$4" | ipn "$1" -batch -
	ups "$6" "$7" "$8" | ipn "$5" -batch -
}

routes() { # NS: lines of "DESTINATION GATEWAY"
	local to via
	while read -r to via; do
		echo "route add $to via $via"
	done | ipn "$1" -batch -
}

policy_net() {
	ns_add ha a r b hb
	wire ha eh 10.1.0.2/24 fd01::2/64 a la 10.1.0.1/24 fd01::1/64
	wire hb eh 10.2.0.2/24 fd02::2/64 b lb 10.2.0.1/24 fd02::1/64
	wire a va $OUT4_A/24 $OUT6_A/64 r ra 192.0.2.254/24 2001:db8:1::fe/64
	wire b vb $OUT4_B/24 $OUT6_B/64 r rb 198.51.100.254/24 2001:db8:2::fe/64
	routes ha <<-X
	default 10.1.0.1
	::/0 fd01::1
	X
	routes hb <<-X
	default 10.2.0.1
	::/0 fd02::1
	X
	routes a <<-X
	default 192.0.2.254
	::/0 2001:db8:1::fe
	X
	routes b <<-X
	default 198.51.100.254
	::/0 2001:db8:2::fe
	X
	# what the gateways say themselves is to be protected, too
	ipn a route add 10.2.0.0/24 via 192.0.2.254 src 10.1.0.1
	ipn b route add 10.1.0.0/24 via 198.51.100.254 src 10.2.0.1
	ipn a route add fd02::/64 via 2001:db8:1::fe src fd01::1
	ipn b route add fd01::/64 via 2001:db8:2::fe src fd02::1
	routes r <<-X
	10.1.0.0/24 $OUT4_A
	10.2.0.0/24 $OUT4_B
	fd01::/64 $OUT6_A
	fd02::/64 $OUT6_B
	X
	in_ns r nft -f - <<-X
	table inet t {
		counter n_clear { }
		counter n_esp { }
		chain f {
			type filter hook forward priority 0;
			ip saddr 10.0.0.0/8 counter name n_clear
			ip6 saddr fd00::/8 counter name n_clear
			meta l4proto esp counter name n_esp
		}
	}
	X
}

seen() { # clear|esp: packets the router passed since the last reset
	in_ns r nft list counter inet t "n_$1" | awk '/packets/ { print $2 }'
}
reset_seen() { in_ns r nft reset counters table inet t > /dev/null; }

none_clear() { equal 0 "$(seen clear)"; }
some() { [ "$(seen "$1")" -gt 0 ] || { echo "no $1"; return 1; }; }

policy() { in_ns "$1" vtunctl policy "${@:2}"; } # NS WORDS…

net_of() { # a|b 4|6
	local i=1
	[ "$1" = a ] || i=2
	if [ "$2" = 4 ]; then echo 10.$i.0.0/24; else echo fd0$i::/64; fi
}

# policy_gateway NS PEER [CHILD-WORDS…]: child and its policies
policy_gateway() {
	local n=$1 o=$2 f
	shift 2
	in_ns "$n" vtunctl child add c \
		local "$(outer "$n" $OUTER)" remote "$(outer "$o" $OUTER)" \
		local-ts "$(net_of "$n" 4),$(net_of "$n" 6)" \
		remote-ts "$(net_of "$o" 4),$(net_of "$o" 6)" "$@" || return
	for f in 4 6; do
		in_ns "$n" vtunctl policy add protect child c \
			local "$(net_of "$n" $f)" remote "$(net_of "$o" $f)" \
			> /dev/null || return
	done
}

hosts_talk() { in_ns ha pings -n 3 10.2.0.2 && in_ns ha pings -n 3 fd02::2; }
gateways_talk() {
	in_ns a pings -n 3 -B 10.1.0.1 10.2.0.1 &&
	in_ns a pings -n 3 -B fd01::1 fd02::1
}
silent() { # NS [PINGS-WORDS…] ADDRESS: no answer
	local n=$1
	shift
	not in_ns "$n" pings -n 1 -t 300 "$@"
}
