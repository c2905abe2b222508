#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The policy door, see policy-lib.sh for the picture: protect, bypass and
# discard in their order; nothing in clear without SA, child or daemon; what
# comes in clear is refused; NAT, conntrack, path MTU; XFRM at the other end.
#
# Proves: E-24 E-25 E-32 E-33 E-34 E-35 E-37 R11
# shellcheck source=selftests/net/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=selftests/net/policy-lib.sh
. "$(dirname "$0")/policy-lib.sh"

closed() { # nothing gets through, in clear or not; counted as REASON
	local before
	before=$(vtun_sum_drops a "$1")
	silent ha 10.2.0.2 && silent ha fd02::2 &&
	silent a -B 10.1.0.1 10.2.0.1 && none_clear || return
	between $((before + 3)) 100 "$(vtun_sum_drops a "$1")"
}

clear_refused() { # the router says it is one of b's hosts
	ipn r addr add 10.2.0.77/32 dev lo
	ipn r addr add fd02::77/128 dev lo nodad
	silent r -B 10.2.0.77 10.1.0.2 && silent r -B fd02::77 fd01::2 &&
	silent r -B 10.2.0.77 10.1.0.1 || return
	between 3 100 "$(vtun_sum_drops a clear)"
}

# watch_host RULE…: counts what ha gets of such packets
watch_host() {
	local rule
	in_ns ha nft delete table inet w 2> /dev/null
	{
		printf 'table inet w {\ncounter hit { }\n'
		printf 'chain i { type filter hook prerouting priority -450;\n'
		for rule; do
			echo "$rule counter name hit"
		done
		printf '}\n}\n'
	} | in_ns ha nft -f -
}
host_got() { # N
	equal "$1" "$(in_ns ha nft list counter inet w hit |
		awk '/packets/ { print $2 }')"
}

# b protects more than a has agreed to, and no policy of a knows of it
beside_selectors() {
	local before
	before=$(vtun_drops a "$(sa_in a)" ts-mismatch)
	watch_host "ip saddr 10.66.0.1" "ip6 saddr fd66::1"
	ipn b addr add 10.66.0.1/32 dev lo
	ipn b addr add fd66::1/128 dev lo nodad
	in_ns b vtunctl child set c \
		local-ts 10.2.0.0/24,10.66.0.0/24,fd02::/64,fd66::/64 &&
	policy b add protect child c local 10.66.0.0/24 \
		remote 10.1.0.0/24 id 66 > /dev/null &&
	policy b add protect child c local fd66::/64 \
		remote fd01::/64 id 67 > /dev/null || return
	silent b -B 10.66.0.1 10.1.0.2 && silent b -B fd66::1 fd01::2 &&
	silent b -B 10.66.0.1 10.1.0.1 && host_got 0 &&
	equal $((before + 3)) "$(vtun_drops a "$(sa_in a)" ts-mismatch)" &&
	policy b del 66 && policy b del 67 &&
	in_ns b vtunctl child set c local-ts 10.2.0.0/24,fd02::/64
}

say() { # NS ADDRESS PORT N: that many datagrams
	in_ns "$1" bash -c 'for ((i = 0; i < $2; i++)); do
		echo > /dev/udp/$0/$1
	done' "$2" "$3" "$4"
}

# authentic, inside the selectors, and unwanted all the same
discarded_inside() {
	local before
	before=$(vtun_sum_drops a discard)
	policy a add discard local '10.1.0.0/24[udp/7]' remote 10.2.0.0/24 \
		priority 5 id 901 > /dev/null &&
	policy a add discard local 'fd01::/64[udp/7]' remote fd02::/64 \
		priority 5 id 902 > /dev/null || return
	watch_host "udp dport 7"
	say hb 10.1.0.2 7 3
	say hb fd01::2 7 3
	say hb 10.1.0.1 7 1
	wait_until 3 discards_are $((before + 7)) && host_got 0 &&
	policy a del 901 && policy a del 902 || return
	say hb 10.1.0.2 7 3
	say hb fd01::2 7 3
	wait_until 3 host_got 6
}
discards_are() { equal "$1" "$(vtun_sum_drops a discard)"; }

udp_4000() { # NS FROM TO: port 53 to 53, so large that it is in fragments
	in_ns "$1" python3 - "$2" "$3" <<-X
	import socket, sys
	s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
	s.bind((sys.argv[1], 53))
	s.sendto(bytes(4000), (sys.argv[2], 53))
	X
}

# only one port is to be protected, and the rest of a packet does not say which
fragments_refused() {
	ipn r addr add 10.5.0.9/32 dev lo
	policy a add protect child c local '10.1.0.0/24[udp]' \
		remote '10.5.0.0/24[udp/53]' priority 7 id 70 > /dev/null &&
	udp_4000 r 10.5.0.9 10.1.0.2 && udp_4000 ha 10.1.0.2 10.5.0.9 &&
	wait_until 2 fragments_are 4 && policy a del 70
}
fragments_are() { equal "$1" "$(vtun_sum_drops a fragment)"; }

big_streams() {
	in_ns ha tcpcheck -n $((2048 / SLOW))K 10.2.0.2 && in_ns hb tcpcheck -n 500K fd01::2 &&
	in_ns a tcpcheck -n 500K 10.2.0.2
}

forget_paths() { # NS…
	local n
	for n; do
		ipn "$n" route flush cache
		ipn "$n" -6 route flush cache
	done
}

# small_link FAMILY none|udp MTU CHILD-MTU: the router says so, nobody else
small_link() {
	local n o before
	for n in a b; do
		o=b
		[ $n = a ] || o=a
		in_ns $n vtunctl child set c local "$(outer $n "$1")" \
			remote "$(outer $o "$1")" encap "$2" || return
	done
	ipn r link set rb mtu "$3" && ipn b link set vb mtu "$3" || return
	forget_paths ha a
	in_ns ha pings -n 1 10.2.0.2 || return
	before=$(vtun_get a "children[name=c].mtu")
	[ "$before" -gt "$4" ] || { echo "$before before"; return 1; }
	in_ns ha tcpcheck -n 100K 10.2.0.2 &&
	vtun_is a "children[name=c].mtu" "$4" &&
	in_ns ha tcpcheck -n 100K fd02::2 &&
	in_ns a tcpcheck -n 100K fd02::2 &&
	in_ns a tcpcheck -n 100K 10.2.0.2 &&
	in_ns ha pings -n 1 -s 6000 10.2.0.2 &&
	in_ns a pings -n 1 -s 6000 -B fd01::1 fd02::1 && none_clear
}

# nobody with these addresses has to be there
all_told() { # SIZE MTU
	told ha 10.2.0.9 "$1" "$2" && told ha fd02::9 "$1" "$2" &&
	told a 10.2.0.9 "$1" "$2" && told a fd02::9 "$1" "$2"
}

# clamped NS FROM ADDRESS MSS: what NS gets in a SYN
clamped() {
	in_ns "$1" nft delete table inet m 2> /dev/null
	in_ns "$1" nft -f - <<-X || return
	table inet m {
	counter n_mss { }
	chain pre { type filter hook prerouting priority -450;
	tcp flags & (syn | ack) == syn tcp option maxseg size $4 \
		counter name n_mss
	}
	}
	X
	in_ns "$2" tcpcheck -n 20K "$3" &&
	in_ns "$1" nft list counter inet m n_mss | grep "packets [1-9]"
}

clamp() { # off|auto|N V4 V6: what becomes of segment sizes in both directions
	in_ns a vtunctl child set c mss "$1" || return
	forget_paths ha hb
	clamped hb ha 10.2.0.2 "$2" && clamped hb ha fd02::2 "$3" &&
	clamped ha hb 10.1.0.2 "$2" && clamped ha hb fd01::2 "$3"
}

discarded() {
	serve hb tcpcheck -l -p 9
	in_ns ha tcpcheck -n 1K -p 9 10.2.0.2 &&
	policy a add discard local '10.1.0.0/24[tcp/0-65535]' \
		remote '10.2.0.0/24[tcp/9]' priority 10 id 900 > /dev/null
	not in_ns a tcpcheck -n 1K -p 9 -t 2 10.2.0.2 &&
	not in_ns ha tcpcheck -n 1K -p 9 -t 2 10.2.0.2 &&
	between 2 100 "$(vtun_sum_drops a discard)" &&
	in_ns ha tcpcheck -n 10K 10.2.0.2
}

bypassed() { # pings of one host, both gateways, before everything else
	policy a add bypass local '10.1.0.2[icmp]' remote '10.2.0.2[icmp]' \
		priority 1 id 800 > /dev/null &&
	policy b add bypass local '10.2.0.2[icmp]' remote '10.1.0.2[icmp]' \
		priority 1 id 800 > /dev/null &&
	in_ns ha pings -n 4 10.2.0.2 && equal 8 "$(seen clear)" &&
	in_ns a pings -n 2 -B 10.1.0.1 10.2.0.2 && equal 8 "$(seen clear)" &&
	policy a del 800 && policy b del 800 &&
	in_ns ha pings -n 4 10.2.0.2 && equal 8 "$(seen clear)"
}

in_order() { # priority, remote, local, protocol, ports, id
	local got
	ns_add o
	in_ns o vtunctl batch <<-X > /dev/null || return
	policy add discard id 6 remote 10.0.0.0/8 priority 5
	policy add discard id 8 remote 10.0.0.0/8
	policy add discard id 7 remote 10.0.0.0/8
	policy add discard id 5 remote 10.3.0.0/16
	policy add discard id 4 remote 10.3.0.0/16 local 10.1.0.0/16
	policy add discard id 9 remote 10.3.0.0/16[tcp]
	policy add discard id 3 remote 10.3.0.0/16[tcp/1-9]
	policy add discard id 2 remote 10.3.0.0/16[tcp/7]
	policy add discard id 1 remote fd00::/8
	X
	got=$(policy o --json list | tr -d ' \n' | grep -oE '"id":[0-9]+' |
		tr -dc '0-9\n' | xargs)
	ns_del o
	equal "6 4 2 3 9 5 7 8 1" "$got"
}

snat_before() { # matched by the address they have on the wire
	ipn ha addr add 10.9.0.2/24 dev eh && ipn a addr add 10.9.0.1/24 dev la
	in_ns a nft -f - <<-X || return
	table ip n {
		chain p {
			type nat hook postrouting priority 100;
			ip saddr 10.9.0.0/24 ip daddr 10.2.0.0/24 snat to 10.1.0.1
		}
	}
	X
	in_ns ha pings -n 3 -B 10.9.0.2 10.2.0.2 && none_clear
}

# an address of the tunnel stands for a host that has none
dnat_behind() {
	local esp
	in_ns a nft -f - <<-X || return
	table ip d {
		chain p {
			type nat hook prerouting priority -100;
			ip saddr 10.2.0.0/24 ip daddr 10.1.0.80 dnat to 10.9.0.2
		}
	}
	X
	watch_host "ip saddr 10.2.0.2 ip daddr 10.9.0.2"
	esp=$(seen esp)
	in_ns hb pings -n 3 10.1.0.80 && in_ns hb tcpcheck -n 20K 10.1.0.80 &&
	not host_got 0 && none_clear &&
	between $((esp + 12)) 1000 "$(seen esp)" &&
	in_ns a nft delete table ip d
}

masquerade() { # everything but what goes to the other site
	in_ns a nft -f - <<-X || return
	flush table ip n
	table ip n {
		chain p {
			type nat hook postrouting priority 100;
			ip daddr 10.2.0.0/24 accept
			oifname "va" masquerade
		}
	}
	X
	hosts_talk && none_clear && in_ns ha pings -n 2 198.51.100.254
}

stateful() { # conntrack knows connections that went into the tunnel
	in_ns a nft -f - <<-X || return
	table inet s {
		chain f {
			type filter hook forward priority 0; policy drop;
			ct state established accept
			iifname "la" accept
		}
	}
	X
	hosts_talk && in_ns ha tcpcheck -n 20K 10.2.0.2 &&
	silent hb 10.1.0.2 && in_ns a nft delete table inet s
}

counted() { # out: what the policies decided about
	local n
	n=$(policy a --json list | tr -d ' \n' |
		grep -oE '"out[_-]packets":[0-9]+' | awk -F: '{ n += $2 } END { print n }')
	[ "$n" -gt 100 ] || { echo "$n packets"; policy a list; return 1; }
}

gone_child() { # child and SAs go, the policies stay
	reset_seen
	in_ns a vtunctl flush && closed no-child
}

acquires() { # a packet that waits asks for the child, and is not lost
	policy a flush && events a && policy_gateway a b on-demand hold-ms 60000 ||
		return
	in_ns ha pings -n 1 -t 60000 10.2.0.2 > "$TMP/ping" &
	PING=$!
	wait_until 3 events_are 1 a event=acquire || return
	grep -q '10.2.0.2' "$TMP/events.a" || { cat "$TMP/events.a"; return 1; }
	vtun_install b 2 && vtun_install a 2 || return
	wait $PING || { cat "$TMP/ping"; in_ns a vtunctl show; return 1; }
	none_clear
}

xfrm_end() { # b: states and policies of XFRM, no vtun
	local f dir
	policy b flush && in_ns b vtunctl flush || return
	xfrm_sa $OUT4_A $OUT4_B "$(spi_of a 2)" "$SUITE" "$(gen_key a 2)" \
		noesn 1 0 | sed 's/if_id 1//' > "$TMP/batch"
	# numbers that vtun has not used yet
	xfrm_sa $OUT4_B $OUT4_A "$(spi_of b 2)" "$SUITE" "$(gen_key b 2)" \
		noesn 1 100 | sed 's/if_id 1//' >> "$TMP/batch"
	for f in 4 6; do
		echo "xfrm policy add src $(net_of b $f) dst $(net_of a $f) dir out tmpl src $OUT4_B dst $OUT4_A proto esp reqid 1 mode tunnel"
		for dir in in fwd; do
			echo "xfrm policy add src $(net_of a $f) dst $(net_of b $f) dir $dir tmpl src $OUT4_A dst $OUT4_B proto esp reqid 1 mode tunnel"
		done
	done >> "$TMP/batch"
	ipn b -batch "$TMP/batch" && hosts_talk && gateways_talk &&
	in_ns ha tcpcheck -n 200K 10.2.0.2 && none_clear
}

open_again() { policy a flush && ipn b xfrm policy flush && reset_seen &&
	in_ns ha pings -n 2 10.2.0.2 && some clear; }

plan 47
begin vtun
policy_net
check "in clear without policies" hosts_talk
check "policies, no SA yet" eval "policy_gateway a b && policy_gateway b a"
reset_seen
check "fails closed without an SA" closed no-sa
check "SAs" vtun_up
check "hosts behind gateways, both families" hosts_talk
check "gateways themselves" gateways_talk
serve ha tcpcheck -l
serve hb tcpcheck -l
check "TCP, forwarded and local" big_streams
check "nothing of it in clear" none_clear
check "it was ESP" some esp
check "counted by policy" counted
check "what comes in clear is refused" clear_refused
check "authentic, but outside the selectors" beside_selectors
check "authentic, but of a discard policy" discarded_inside
check "fragments without ports, in and out" fragments_refused
check "discard" discarded
reset_seen
check "bypass comes first by priority" bypassed
check "order of evaluation" in_order
reset_seen
check "source NAT before match" snat_before
check "destination NAT behind the tunnel" dnat_behind
check "masquerade with an exemption" masquerade
check "conntrack before and behind the tunnel" stateful
serve a natt -a ::
serve b natt -a ::
check "a smaller link on the way" small_link 4 none 1350 1294
check "a smaller link, in UDP" small_link 4 udp 1390 1326
check "a smaller link, IPv6" small_link 6 none 1400 1326
check "a smaller link, IPv6 in UDP" small_link 6 udp 1392 1310
check "back again" small_link 4 none 1350 1294
check "who sends more is told" all_told 1400 1294
check "the segment size as it was" clamp off 1460 1440
check "clamped to a number" clamp 1000 1000 1000
check "of this host, too" clamped hb a 10.2.0.2 1000
check "clamped by the MTU" clamp auto 1254 1234
in_ns a vtunctl child set c mss off
refuse "protect without a child" "child" policy a add protect \
	remote 10.3.0.0/24
refuse "protect by a child that is not there" "no.*child" policy a add \
	protect child nobody remote 10.3.0.0/24
refuse "bypass with a child" "child|usage" policy a add bypass child c \
	remote 10.3.0.0/24
refuse "two families" "famil" policy a add discard local 10.0.0.0/8 \
	remote fd00::/8
refuse "two protocols" "protocol" policy a add discard \
	local '10.0.0.0/8[tcp]' remote '10.3.0.0/24[udp]'
refuse "an id twice" "in use" policy a add discard remote 10.3.0.0/24 id 900
refuse "a policy that is not there" "no.*policy|not" policy a del 4711
refuse "the child while policies name it" "polic" in_ns a vtunctl child del c
refuse "the module while there are policies" "in use" rmmod vtun
check "fails closed without a child" gone_child
check "on demand: held, announced, delivered" acquires
check "XFRM with policies at the other end" xfrm_end
check "flushed policies let everything pass" open_again
cleanup
check "module can be unloaded" wait_until 10 rmmod vtun
finish
