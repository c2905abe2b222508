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
in_pieces() {
	serve b python3 -c '
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("0.0.0.0", 7))
open(sys.argv[2], "w").write("ready")
while True:
    s.sendto(*s.recvfrom(65535))'
	in_ns a python3 -c '
import os, socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(20)
s.connect(("10.2.0.1", 7))
for total in (2, 61, 1399, 1401, 4097, 16385, 33001, 64900):
    data, at, step = os.urandom(total), 0, 1
    while at + step < total:
        s.send(data[at:at + step], socket.MSG_MORE)
        at, step = at + step, step * 3 % 5003 + 1
    s.send(data[at:])
    if s.recv(65535) != data:
        raise SystemExit(f"{total} octets came back otherwise")'
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

nowhere_outside() {
	local before
	ipn a route add unreachable 203.0.113.1 &&
	ipn a route add 10.66.0.0/24 dev vt0 src 10.1.0.1 &&
	in_ns a vtunctl child add u dev vt0 local $OUT4_A remote 203.0.113.1 \
		remote-ts 10.66.0.0/24 &&
	in_ns a vtunctl sa install child u out spi 0x7777 suite "$SUITE" \
		key "$(gen_key a 7)" || return
	in_ns a flood -q -n 100 -i 100 10.66.0.1
	before=$(routes_alive)
	in_ns a flood -q -n $NOWHERE -i 100 10.66.0.1
	between $((NOWHERE / 2)) $((NOWHERE + 200)) \
		"$(vtun_drops a "children[name=u]" no-route)" &&
	between 0 $((before + 50)) "$(routes_alive)"
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

plan 16
python3 -c 'import yaml' 2> /dev/null || skip_all "python3-yaml is missing"
begin vtun
new_key "$TMP/kx" "$SUITE"
vtun_pair
check "tunnel is up" vtun_up
check "strange frames are dropped and counted" strange_frames
check "frames of another device are pushed into it" redirected
check "an outer destination nobody reaches" nowhere_outside
check "an inner one" nowhere_inside
serve a flood -l
check "the table of SAs grows under traffic" grow
check "SAs are dumped while they are flushed" dumped_while_flushed
check "two change the same SA" at_once
check "a link of 64 KiB" as_large_as_can_be
check "every size, IPv4" in_ns a pings -s 0-64900:1021 -w 4 -t 3000 10.2.0.1
check "every size, IPv6" in_ns a pings -s 1-64900:2039 -w 4 -t 3000 fd02::1
check "datagrams of many pieces" in_pieces
serve b tcpcheck -l
check "ESP in UDP" udp_ends
check "TCP of large segments in it" coalesced
finish
