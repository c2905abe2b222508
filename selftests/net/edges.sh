#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Where others fell over: packets as large as IP allows, in pieces, coalesced;
# frames nobody expects on the device; routes that lead nowhere; tables that
# grow, and objects that two change at once.
#
#	10.1.0.1 vt0 [a] va ------------- vb [b] vt0 10.2.0.1
#
# FULL=1: 100,000 packets into nowhere, 20,000 SAs.
#
# Proves: E-28 E-31 E-49, B34 B42 B48 B51 B60 B61 B62, R1
# time limit: 900 s
# shellcheck source=selftests/net/lib.sh
. "$(dirname "$0")/lib.sh"

NOWHERE=$((3000 / SLOW)) PAIRS=$((500 / SLOW)) AT_ONCE=$((300 / SLOW))
if [ "$FULL" != 0 ]; then
	NOWHERE=100000 PAIRS=10000
fi

# ---- large ones ----

as_large_as_can_be() {
	ipn a link set va mtu 65535 && ipn b link set vb mtu 65535 &&
	ipn a link set vt0 mtu 65000 && ipn b link set vt0 mtu 65000
}

# one datagram of many calls: the stack puts the pieces together
in_pieces() { # FROM TO ADDRESS SIZE…
	local from=$1 to=$2
	shift 2
	serve "$to" python3 -c '
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("0.0.0.0", 7))
open(sys.argv[2], "w").write("ready")
while True:
    s.sendto(*s.recvfrom(65535))'
	in_ns "$from" python3 -c '
import os, socket, sys
UDP_CORK = 1
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(20)
s.connect((sys.argv[1], 7))
for total in map(int, sys.argv[2:]):
    for cork in (0, 1):
        data, at, step = os.urandom(total), 0, 1
        s.setsockopt(socket.IPPROTO_UDP, UDP_CORK, cork)
        while at + step < total:
            s.send(data[at:at + step], 0 if cork else socket.MSG_MORE)
            at, step = at + step, step * 3 % 5003 + 1
        s.send(data[at:])
        s.setsockopt(socket.IPPROTO_UDP, UDP_CORK, 0)
        if s.recv(65535) != data:
            raise SystemExit(f"{total} octets came back otherwise")' "$@"
}

# both ends on lo of one namespace, whose MTU no packet of IPv4 reaches; one of
# the devices lives elsewhere, or the inner packets would not leave the stack
over_lo() {
	local n i j max
	ns_add l m
	ipn l -batch - <<-X &&
	addr add 10.9.0.1/32 dev lo
	addr add 10.9.0.2/32 dev lo
	link add vt1 type vtun
	link add vt2 type vtun
	X
	in_ns l vtunctl batch <<-X &&
	child add c1 dev vt1 local 10.9.0.1 remote 10.9.0.2
	child add c2 dev vt2 local 10.9.0.2 remote 10.9.0.1
	sa install child c1 in spi 0x1001 suite $SUITE key $TMP/kx out spi 0x1002 suite $SUITE key $TMP/kx
	sa install child c2 in spi 0x1002 suite $SUITE key $TMP/kx out spi 0x1001 suite $SUITE key $TMP/kx
	X
	ipn l link set vt2 netns "$ME-m" || return
	max=$(ipn l -d link show vt1 | sed -n 's/.* maxmtu \([0-9]*\).*/\1/p')
	for n in "l 1 2" "m 2 1"; do
		read -r n i j <<< "$n"
		ipn $n -batch - <<-X || return
		link set vt$i mtu $max up
		addr add 10.$i.0.1/24 dev vt$i
		addr add fd0$i::1/64 dev vt$i nodad
		route add 10.$j.0.0/24 dev vt$i src 10.$i.0.1
		route add fd0$j::/64 dev vt$i src fd0$i::1
		X
	done
	wait_until 5 in_ns l pings -n 1 10.2.0.1
}

lo_sizes() { # what lo and the device carry whole, and what they do not
	in_ns l pings -s 1-65507:4003 -w 4 10.2.0.1 &&
	in_ns l pings -s 65340-65507 -w 4 10.2.0.1 &&
	in_ns l pings -s 65320-65487:3 -w 4 fd02::1
}

udp_ends() {
	local n
	for n in a b; do
		serve $n natt && in_ns $n vtunctl child set c encap udp || return
	done
	wait_until 5 in_ns a pings -n 1 10.2.0.1
}

coalesced() { in_ns a tcpcheck -n 4M 10.2.0.1 && in_ns a tcpcheck -R -n 4M 10.2.0.1; }

# ---- frames nobody expects ----

strange_frames() {
	local before
	before=$(vtun_sum_drops a 'not-ip|no-child')
	in_ns a python3 -c '
import os, socket
for kind in (socket.SOCK_RAW, socket.SOCK_DGRAM):
    s = socket.socket(socket.AF_PACKET, kind)
    for proto in (0, 0x0800, 0x86dd, 0x0806, 0xffff):
        for size in range(61):
            for first in (0x00, 0x45, 0x4f, 0x60, 0xff):
                data = (bytes([first]) + os.urandom(60))[:size]
                try:
                    s.sendto(data, ("vt0", proto, 0, 0, b""))
                except OSError:
                    pass'
	between $((before + 500)) 1000000 "$(in_sys a \
		cat /sys/class/net/vt0/statistics/tx_dropped)"
}

# packets whose route is none but what a tunnel is told: those that fit are sent,
# whatever becomes of the others
with_metadata() {
	local out
	in_ns a tc qdisc add dev va clsact &&
	in_ns a tc filter add dev va ingress protocol ip matchall \
		action tunnel_key set src_ip 192.0.2.7 dst_ip 192.0.2.8 id 5 \
		action mirred egress redirect dev vt0 &&
	ipn b addr add 10.1.0.77/32 dev lo &&
	ipn b route add 10.2.0.77/32 via $OUT4_A || return
	# nobody is asked for
	in_ns b ping -q -c 5 -i 0.02 -W 1 10.2.0.77
	in_ns b ping -q -c 5 -i 0.02 -W 1 -M 'do' -s 1472 -I 10.1.0.77 10.2.0.77
	out=$(vtun_get a "$(sa_out a).packets")
	in_ns b ping -q -c 20 -i 0.02 -W 1 -I 10.1.0.77 10.2.0.77
	vtun_is a "$(sa_out a).packets" $((out + 20)) || return
	in_ns a tc qdisc del dev va clsact
	ipn b route del 10.2.0.77/32
	ipn b addr del 10.1.0.77/32 dev lo
	in_ns a pings -n 3 10.2.0.1
}

# ESP, ARP and what not, with a link header, pushed into the device
redirected() {
	in_ns a tc qdisc add dev va clsact &&
	in_ns a tc filter add dev va ingress matchall \
		action mirred egress mirror dev vt0 &&
	in_ns b pings -n 20 -w 4 10.1.0.1 &&
	in_ns b ping -q -c 3 -i 0.05 -W 2 $OUT4_A &&
	in_ns a tc qdisc del dev va clsact &&
	in_ns a pings -n 3 10.2.0.1
}

# ---- nowhere ----

routes_alive() { # of IPv4, all CPUs and namespaces
	awk 'NR == 2 { print strtonum("0x" $1) }' /proc/net/stat/rt_cache
}

routes_alive6() { # NS: of IPv6
	in_ns "$1" awk '{ print strtonum("0x" $6) }' /proc/net/rt6_stats
}

# KIND REMOTE LOCAL: ESP to where a route says no
nowhere_outside() {
	local before before6 n=$((NOWHERE / 3))
	in_ns a vtunctl child del u 2> /dev/null
	ipn a route replace "$1" "$2" &&
	ipn a route replace 10.66.0.0/24 dev vt0 src 10.1.0.1 &&
	in_ns a vtunctl child add u dev vt0 local "$3" remote "$2" \
		remote-ts 10.66.0.0/24 &&
	in_ns a vtunctl sa install child u out spi 0x7777 suite "$SUITE" \
		key "$(gen_key a 7)" || return
	in_ns a flood -q -n 100 -i 100 10.66.0.1
	before=$(routes_alive) before6=$(routes_alive6 a)
	in_ns a flood -q -n $n -i 100 10.66.0.1
	between $((n / 2)) $((n + 200)) \
		"$(vtun_drops a "children[name=u]" no-route)" &&
	between 0 $((before + 50)) "$(routes_alive)" &&
	between 0 $((before6 + 50)) "$(routes_alive6 a)"
}

# a socket that says UDP but is no UDP socket: protected as all others
raw_sockets() {
	local was
	in_ns a vtunctl child add r local $OUT4_A remote $OUT4_B &&
	in_ns a vtunctl policy add protect child r remote 10.88.0.0/24 &&
	in_ns a vtunctl policy add protect child r remote fd88::/64 &&
	in_ns a vtunctl sa install child r out spi 0x8888 suite "$SUITE" \
		key "$TMP/kx" &&
	ipn a route add 10.88.0.0/24 via $OUT4_B &&
	ipn a route add fd88::/64 via $OUT6_B &&
	in_ns b nft -f - <<-X || return
	table netdev raw {
		counter clear { }
		chain in {
			type filter hook ingress device vb priority 0;
			ip daddr 10.88.0.0/24 counter name clear
			ip6 daddr fd88::/64 counter name clear
		}
	}
	X
	in_ns a python3 -c '
import socket, struct
udp = struct.pack(">HHHH", 9, 9, 16, 0) + bytes(8)
for family, to in (socket.AF_INET, "10.88.0.1"), (socket.AF_INET6, "fd88::1"):
    for _ in range(25):
        s = socket.socket(family, socket.SOCK_RAW, socket.IPPROTO_UDP)
        for _ in range(4):
            s.sendto(udp, (to, 0))
        s.close()'
	was=$(in_ns b nft list counter netdev raw clear)
	in_ns b nft delete table netdev raw
	echo "$was"
	grep -q 'packets 0 ' <<< "$was" &&
	vtun_is a "sas[dir=out,spi=0x00008888].packets" 200 &&
	in_ns a vtunctl policy flush && in_ns a vtunctl child del r
}

nowhere_inside() {
	local before
	ipn b route add unreachable 10.2.0.99 || return
	in_ns a flood -q -n 100 -i 100 10.2.0.99
	before=$(routes_alive)
	in_ns a flood -q -n $NOWHERE -i 100 10.2.0.99
	between 0 $((before + 50)) "$(routes_alive)"
}

# ---- tables ----

pairs() { # CHILD FIRST-SPI N
	local i
	for ((i = $2; i < $2 + $3; i++)); do
		echo "sa install child $1 in spi $i suite $SUITE key $TMP/kx" \
			"out spi $i suite $SUITE key $TMP/kx"
	done
}

grow() { # while packets look their SA up
	local rc
	in_ns a vtunctl child add g dev vt0 local $OUT4_A remote $OUT4_B \
		remote-ts 10.67.0.0/24 || return
	pairs g 0x100000 $PAIRS > "$TMP/batch"
	rm -f "$TMP/stop"
	in_ns b flood -u "$TMP/stop" -i 500 -d 3000 10.1.0.1 > "$TMP/flood" &
	in_ns a vtunctl batch "$TMP/batch" > /dev/null &&
	equal $((2 * PAIRS + 3)) "$(vtun_get a info.sas)" &&
	in_ns a vtunctl child del g
	rc=$?
	: > "$TMP/stop"
	wait %%
	cat "$TMP/flood"
	[ $rc = 0 ] && grep -q ' lost 0 dup 0 ' "$TMP/flood"
}

# whole, or refused because too much changes meanwhile: never a half of it
dump_whole() { # NS
	if in_ns "$1" vtunctl --json show > "$TMP/dump" 2> "$TMP/dump.err"; then
		jget 'sas[#]' < "$TMP/dump" > /dev/null
	else
		grep -q 'change faster than' "$TMP/dump.err" ||
			{ cat "$TMP/dump.err"; return 1; }
	fi
}

dumped_while_flushed() {
	local rounds=0 i
	ns_add x
	in_ns x vtunctl child add d local 192.0.2.1 remote 192.0.2.2
	{
		for i in 1 2 3 4 5 6; do
			pairs d 0x200000 150
			echo "flush"
			echo "child add d local 192.0.2.1 remote 192.0.2.2"
		done
	} > "$TMP/batch"
	in_ns x vtunctl batch "$TMP/batch" > "$TMP/batch.out" 2>&1 &
	while kill -0 $! 2> /dev/null; do
		dump_whole x || return
		rounds=$((rounds + 1))
	done
	wait $! || { tail -n 3 "$TMP/batch.out"; return 1; }
	echo "$rounds dumps"
	[ $rounds -gt 1 ] && vtun_is x 'sas[#]' 0
}

at_once() { # two that install, replace and remove the same SAs
	in_ns x python3 -c "
import os, sys
sys.path.insert(0, '$HERE')
from genl import Genl, Refused
KEY = bytes(36)
child = Genl().do('child-get', [('child', [('name', 'd')])])['child']['id']
def sa(way, *more):
    return ('sa', [('dir', way), ('spi', 0x3000), ('child-id', child), *more])
def run():
    nl, done = Genl(), 0
    for i in range($AT_ONCE):
        for cmd, attrs in (
                ('sa-install', [sa(w, ('encr', 28), ('key', KEY), ('esn', 0))
                                for w in (1, 2)] + [('switch', 1)]),
                ('sa-activate', [sa(2)]), ('sa-del', [sa(2)]),
                ('sa-del', [('sa', [('dir', 1), ('spi', 0x3000)])])):
            try:
                nl.do(cmd, attrs)
                done += 1
            except Refused:
                pass
    return done
pid = os.fork()
done = run()
if not pid:
    os._exit(0 if done else 1)
if os.waitpid(pid, 0)[1] or not done:
    sys.exit('nothing was accepted')
Genl().do('flush')
" && vtun_is x 'sas[#]' 0
}

plan 26
python3 -c 'import yaml' 2> /dev/null || skip_all "python3-yaml is missing"
begin vtun
new_key "$TMP/kx" "$SUITE"
vtun_pair
check "tunnel is up" vtun_up
check "strange frames are dropped and counted" strange_frames
check "frames of another device are pushed into it" redirected
if in_ns a tc actions add action tunnel_key unset 2> /dev/null; then
	check "and with a route of metadata" with_metadata
else
	skip "and with a route of metadata" "no act_tunnel_key"
fi
check "raw sockets are no sockets of ours" raw_sockets
for kind in unreachable blackhole prohibit; do
	check "an outer destination nobody reaches: $kind, IPv4" \
		nowhere_outside $kind 203.0.113.1 $OUT4_A
	check "an outer destination nobody reaches: $kind, IPv6" \
		nowhere_outside $kind 2001:db8:9::1 $OUT6_A
done
check "an inner one" nowhere_inside
serve a flood -l
check "the table of SAs grows under traffic" grow
check "SAs are dumped while they are flushed" dumped_while_flushed
check "two change the same SA" at_once
check "a link of 64 KiB" as_large_as_can_be
check "every size, IPv4" in_ns a pings -s 0-64900:1021 -w 4 -t 3000 10.2.0.1
check "every size, IPv6" in_ns a pings -s 1-64900:2039 -w 4 -t 3000 fd02::1
check "datagrams of many pieces" in_pieces a b 10.2.0.1 \
	2 61 1399 1401 4097 16385 33001 64900
check "a tunnel over lo" over_lo
check "every size there is" lo_sizes
check "datagrams of many pieces up to the largest" in_pieces l m 10.2.0.1 \
	1 60000 65340 65350 65360 65386 65387 65506 65507
serve b tcpcheck -l
check "ESP in UDP" udp_ends
check "TCP of large segments in it" coalesced
finish
