#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Everything goes while everything is in use: the module, namespaces in either
# order, devices that moved, the link below, packets that wait in a queue of
# somebody else. Both doors, ESP in UDP, sockets that were handed over.
#
#	10.1.0.1 vt0 [a] va ------------- vb [b] vt0 10.2.0.1	child c, device
#	10.5.0.1 lo  [a]                     [b] lo  10.6.0.1	child p, policies,
#								in UDP
#
# The module 20 times, on a debug kernel 100 times. FULL=1: 100 times, and more
# rounds of the others.
#
# Proves: E-34 E-36 E-39 E-41 E-48, R5 R11, B40 B41 B61 B65 B66 B67 B68 B69
# time limit: 900 s
# shellcheck source=selftests/net/lib.sh
. "$(dirname "$0")/lib.sh"

RELOADS=20 ROUNDS=1 WANDERS=6 STATES6="migrated keyed"
STATES="held replaced migrated linked keyed"
[ "$SLOW" = 1 ] || RELOADS=100
if [ "$FULL" != 0 ]; then
	RELOADS=100 ROUNDS=10 WANDERS=100 STATES="none $STATES" STATES6=$STATES
fi

# ---- the rig ----

new_key "$TMP/k1" "$SUITE"
new_key "$TMP/k2" "$SUITE"

# spi_in GENERATION CHILD NS: what NS receives by
spi_in() {
	local n=$((0x1000 * ($1 + 1)))
	[ "$2" = c ] || n=$((n + 16))
	[ "$3" = a ] || n=$((n + 1))
	echo $n
}

sa_lines() { # NS GENERATION [SEQ]: for vtunctl batch
	local n=$1 g=$2 o=b kin=k2 kout=k1 child
	[ "$n" = a ] || o=a kin=k1 kout=k2
	for child in c p; do
		echo "sa install child $child" \
			"in spi $(spi_in "$g" $child "$n") suite $SUITE" \
			"key $TMP/$kin" \
			"out spi $(spi_in "$g" $child $o) suite $SUITE" \
			"key $TMP/$kout seq ${3:-0}"
	done
}

gateway() { # NS CHILD-WORDS…
	local n=$1 o=b i=1 j=2 k=5 l=6
	[ "$n" = a ] || o=a i=2 j=1 k=6 l=5
	shift
	ipn "$n" -batch - <<-X &&
	link add vt0 type vtun
	link set vt0 up
	addr add 10.$i.0.1/24 dev vt0
	route add 10.$j.0.0/24 dev vt0 src 10.$i.0.1
	X
	in_ns "$n" vtunctl batch > /dev/null <<-X
	child add c dev vt0 local $(outer "$n" $OUTER) remote $(outer $o $OUTER) $*
	child add p local $(outer "$n" $OUTER) remote $(outer $o $OUTER) encap udp $*
	policy add protect child p local 10.$k.0.1 remote 10.$l.0.1
	X
}

link_below() {
	link_pair a va b vb
	ipn a route add 10.6.0.1/32 via $OUT4_B src 10.5.0.1
	ipn b route add 10.5.0.1/32 via $OUT4_A src 10.6.0.1
}

OWNERS=()
owners() { # of sockets for ESP in UDP
	local n
	OWNERS=()
	for n in a b; do
		serve $n natt -a :: || return
		OWNERS+=($!)
	done
}

spaces() {
	ns_add a b
	ipn a addr add 10.5.0.1/32 dev lo
	ipn b addr add 10.6.0.1/32 dev lo
	in_ns a nft -f - <<-X
	table inet names {
		chain post {
			type filter hook postrouting priority 0;
			iifname "nobody" counter
		}
	}
	X
	link_below
	owners
}

gateways() { gateway a "$@" && gateway b "$@"; }

keys() { # GENERATION [SEQ]
	sa_lines a "$@" | in_ns a vtunctl batch > /dev/null &&
	sa_lines b "$@" | in_ns b vtunctl batch > /dev/null
}

rig() { spaces && gateways on-demand hold-ms 60000 && keys 1; }

PINGS=()
pinger() { # NS WORDS…
	local n=$1
	shift
	bg_ns "$n" ping -q "$@" > /dev/null 2>&1
	PINGS+=($!)
}

# both ends, both doors, until quiesce; NS: where the device of a is
traffic() {
	pinger "${1:-a}" -f -s 600 10.2.0.1
	pinger a -f -s 1600 10.6.0.1
	pinger b -i 0.01 -s 600 10.1.0.1
	pinger b -i 0.01 10.5.0.1
	pause 0.3
}

# less of it: grace periods take their time under a flood
some_traffic() {
	local often=0.0$SLOW
	pinger a -i $often -s 600 10.2.0.1
	pinger a -i $often -s 1600 10.6.0.1
	pinger b -i $often -s 600 10.1.0.1
	pinger b -i $often 10.5.0.1
}

# but not the owners of sockets
quiet_traffic() {
	kill "${PINGS[@]}" 2> /dev/null
	PINGS=()
}

works() { # [NS-OF-DEVICE]
	in_ns "${1:-a}" pings -n 3 -t 3000 10.2.0.1 &&
	in_ns a pings -n 3 -t 3000 10.6.0.1
}

all_gone() {
	quiesce
	PINGS=()
	wait_until 10 no_vtun_dev && sas_balanced
}

# ---- the module ----

# what Documentation/policy.rst says keeps packets in while there is no module
fence() { # NS DEV
	in_ns "$1" nft -f - <<-X
	table netdev fence {
		counter held { }
		chain out {
			type filter hook egress device $2 priority 0; policy accept;
			ip saddr { 10.1.0.0/16, 10.2.0.0/16, 10.5.0.0/16, 10.6.0.0/16 } counter name held drop
		}
	}
	X
	ipn "$1" route add blackhole 10.1.0.0/16 metric 4000000000
	ipn "$1" route add blackhole 10.2.0.0/16 metric 4000000000
}

fence_held() {
	in_ns "$1" nft list counter netdev fence held |
		awk '/packets/ { print $2 }'
}

clear_text() { # what a sent by its device's address, seen on the wire
	in_ns b nft list counter netdev w clear | awk '/packets/ { print $2 }'
}

watch_wire() {
	in_ns b nft -f - <<-X
	table netdev w {
		counter clear { }
		chain in {
			type filter hook ingress device vb priority 0;
			ip saddr 10.1.0.0/16 counter name clear
		}
	}
	X
}

# one program does it all, see reload.c
reloads() {
	local pid
	kill "${OWNERS[@]}"
	no_modprobe reload -n "$RELOADS" -r "$TMP/ready.reload" "$KO" \
		"$ME-a" "$ME-b" &
	pid=$!
	wait_until 20 test -s "$TMP/ready.reload" && some_traffic
	wait $pid || return
	quiet_traffic
	[ ! -d /sys/module/vtun ]
}

next_module() {
	load_module && sas_balanced && owners && gateways && keys 1 && works
}

# ---- namespaces and devices ----

# the device of a lives in c
moved_rig() {
	rig && ns_add c && ipn a link set vt0 netns "$ME-c" &&
	ipn c -batch - <<-X
	link set vt0 up
	addr add 10.1.0.1/24 dev vt0
	route add 10.2.0.0/24 dev vt0 src 10.1.0.1
	X
}

namespaces_end() { # NS…: in that order
	local i
	for ((i = 0; i < ROUNDS; i++)); do
		moved_rig && works c || return
		traffic c
		end_ns "$@" && all_gone || return
	done
}

# to and fro under traffic; its addresses stay behind each time
device_wanders() {
	local i from=a to=c
	rig && ns_add c && traffic || return
	for ((i = 0; i < WANDERS; i++)); do
		ipn $from link set vt0 netns "$ME-$to" || return
		[ $to = a ] && from=a to=c || from=c to=a
		ipn $from -batch - <<-X || return
		link set vt0 up
		addr add 10.1.0.1/24 dev vt0
		route add 10.2.0.0/24 dev vt0 src 10.1.0.1
		X
		[ $i != 0 ] || pinger c -f -s 600 10.2.0.1
		pause 0.05
	done
	works $from && ipn $from link del vt0 &&
	in_ns a pings -n 3 -t 3000 10.6.0.1 && end_ns a b c && all_gone
}

# ---- the link below ----

swiftly() { # COMMAND…: what waits for references takes ten seconds
	local t=${EPOCHREALTIME/./}
	"$@" && [ "$(ms_since "$t")" -lt $((8000 * SLOW)) ]
}

held_some() { vtun_is a "children[name=$1].held" "$2"; }

state_none() { gateways; }
state_keyed() { gateways && keys 1 && works; }
state_held() {
	gateways on-demand hold-ms 60000 &&
	in_ns a flood -q -i 1000 -n 5 10.2.0.1 &&
	in_ns a flood -q -i 1000 -n 5 10.6.0.1 &&
	held_some c 5 && held_some p 5
}
state_replaced() {
	state_keyed && traffic && keys 2 && works &&
	vtun_is a "sas[spi=$(printf '0x%08x' "$(spi_in 1 c b)")].state" superseded
}
state_migrated() {
	state_keyed && traffic && ipn a addr add 192.0.2.11/24 dev va &&
	ipn a addr add 2001:db8::11/64 dev va nodad || return
	local c there=192.0.2.11
	[ "$OUTER" = 4 ] || there=2001:db8::11
	for c in c p; do
		in_ns a vtunctl child set $c local $there &&
		in_ns b vtunctl child set $c remote $there || return
	done
	works
}
# bound to the device, not merely routed over it
state_linked() { gateways && link_children && keys 1 && works && traffic; }
link_children() {
	local c
	for c in c p; do
		in_ns a vtunctl child set $c link va &&
		in_ns b vtunctl child set $c link vb || return
	done
}

# every state in the same namespaces; the new link is that of the next one
link_goes() { # STATE
	local n
	"state_$1" && swiftly ipn a link del va && ipn a link show vt0 ||
		return
	quiet_traffic
	link_below
	# what waited is sent over the new one, and names the old one nowhere
	[ "$1" != held ] || { keys 1 && works; } || return
	for n in a b; do
		in_ns $n vtunctl policy flush && in_ns $n vtunctl flush &&
		ipn $n link del vt0 || return
	done
	sas_gone
}

sas_gone() { wait_until 10 grep -qx 0 /sys/module/vtun/parameters/live_sas; }

# ---- packets that somebody else holds ----

# takes what nft queues, and never says what is to become of it
nfqueue() {
	serve "$1" python3 -c '
import socket, struct, sys, time
s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12)
s.bind((0, 0))
for attr in (struct.pack("HHBBH", 8, 1, 1, 0, 0),
             struct.pack("=HH", 9, 2) + struct.pack(">IB", 0, 1) + bytes(3)):
    body = struct.pack(">BBH", 0, 0, 7) + attr
    s.send(struct.pack("IHHII", 16 + len(body), 0x302, 5, 1, 0) + body)
    if struct.unpack_from("i", s.recv(4096), 16)[0]:
        sys.exit("no queue")
open(sys.argv[2], "w").write("ready")
time.sleep(3600)'
}

hold_elsewhere() {
	works && nfqueue a && in_ns a nft -f - <<-X &&
	table inet q {
		chain post {
			type filter hook postrouting priority 0;
			ip protocol esp queue num 7
			ip daddr 10.6.0.1 icmp type echo-request queue num 7
		}
		chain pre {
			type filter hook input priority 0;
			iifname vt0 queue num 7
		}
	}
	X
	in_ns b ping -q -c 20 -f -W 1 10.1.0.1
	in_ns b tc qdisc add dev vb root netem delay 100s limit 10000 &&
	in_ns b nft -f - <<-X
	table netdev f {
		chain in {
			type filter hook ingress device vb priority 0;
			ip frag-off & 0x1fff != 0 drop
		}
	}
	X
}

queued() { # how many sit in the queue
	awk '{ n += $3 } END { print n + 0 }' < <(in_ns a cat \
		/proc/net/netfilter/nfnetlink_queue)
}

delayed() { # and how many on their way from b
	in_ns b tc -s qdisc show dev vb |
		awk '/backlog/ { n += $3 } END { print n + 0 }'
}

caught() {
	in_ns a ping -q -c 20 -f -W 1 10.2.0.1
	in_ns a ping -q -c 20 -f -W 1 10.6.0.1
	in_ns b ping -q -c 20 -f -W 1 10.1.0.1
	in_ns b ping -q -c 20 -f -W 1 10.5.0.1
	# fewer than were sent: what waits counts against ping's socket
	between 30 1000 "$(queued)" && between 1 1000 "$(delayed)"
}

# df clear: what is too big for the link is in fragments outside
in_reassembly() {
	in_ns a nft delete table inet q
	in_ns a vtunctl child set p df clear
	in_ns a ping -q -c 5 -i 0.01 -W 1 -M 'do' -s 1460 10.6.0.1
	in_ns b cat /proc/net/sockstat | grep -E '^FRAG: inuse [1-9]'
}

device_with_held() { swiftly ipn a link del vt0 && in_ns a vtunctl flush; }

# its hooks go, and with them what waits in a queue of the namespace; what waits
# behind them stays
module_with_held() {
	in_ns a vtunctl policy flush && in_ns b vtunctl policy flush || return
	in_ns a ping -q -c 20 -f -W 1 10.2.0.1
	between 5 1000 "$(queued)" && swiftly wait_until 5 rmmod vtun &&
	equal 0 "$(queued)" && between 1 1000 "$(delayed)"
}

plan $((24 + $(wc -w <<< "$STATES $STATES6")))
begin vtun
check "namespaces, links, sockets" spaces
watch_wire
fence a va
fence b vb
rmmod vtun
check "the module $RELOADS times, with traffic, listener and open dump" reloads
check "and once more: it works" next_module
check "not one packet in clear meanwhile" equal 0 "$(clear_text)"
check "as the fence held some" test "$(fence_held a)" -gt 0
cleanup

check "namespaces end, the device in the inner one: inner first" \
	namespaces_end c a b
cleanup
check "outer first" namespaces_end a c b
cleanup
check "the peer first" namespaces_end b a c
cleanup
check "a device wanders under traffic" device_wanders
cleanup

for OUTER in 4 6; do
	spaces
	[ $OUTER = 4 ] || STATES=$STATES6
	for state in $STATES; do
		check "the link below goes, IPv$OUTER: $state" link_goes "$state"
	done
	cleanup
done
OUTER=4

check "a rig" rig
check "queues of others" hold_elsewhere
check "packets wait in queues of others" caught
check "the device goes meanwhile" device_with_held
cleanup
check "a rig" rig
check "queues of others" hold_elsewhere
check "packets wait in queues of others" caught
check "the module goes meanwhile" module_with_held
cleanup
check "the next one" load_module
check "a rig" rig
check "queues of others" hold_elsewhere
check "ESP waits for its other fragments" in_reassembly
check "namespaces go meanwhile" eval 'end_ns b a && all_gone'
finish
