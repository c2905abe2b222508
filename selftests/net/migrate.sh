#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Children are changed in place under a flood: endpoints, family, encapsulation,
# selectors, options. Nothing is lost, SAs go on where they were; what is
# refused changes nothing.
#
#	10.1.0.1 vt0 [a] va ----------- vb [b] vt0 10.2.0.1
#	   192.0.2.1  .11  2001:db8::1      192.0.2.2  .22  2001:db8::2
#
# Proves: E-48 (RFC 4555), E-41 (carrier), E-38 (hold limits)
# shellcheck source=selftests/net/lib.sh
. "$(dirname "$0")/lib.sh"

A2=192.0.2.11 B2=192.0.2.22

set_c() { # NS WORDS…
	local n=$1
	shift
	in_ns "$n" vtunctl child set c "$@"
}

refuse_c() { # WHAT PATTERN WORDS…: at a, and nothing changes
	local what=$1 pattern=$2 before
	shift 2
	before=$(settings)
	refuse "$what" "$pattern" set_c a "$@"
	[ "$before" = "$(settings)" ] || fail "$what changed something"
}

settings() { vtun_get a "children[name=c]" | grep -v -e seq -e drops; }

child() { echo "children[name=c].$1"; }

path_is() { # NS LOCAL REMOTE
	vtun_is "$1" "$(child local)" "$2" &&
	vtun_is "$1" "$(child remote)" "$3"
}

# count what leaves a, outside
outside() { # NAME
	in_ns a nft list counter inet t "out_$1" | awk '/packets/ { print $2 }'
}

sees() { # NAME: packets of that kind leave a now
	local n
	n=$(outside "$1")
	wait_until 3 eval '[ "$(outside '"$1"')" -gt '"$n"' ]'
}

same_sas() { # the numbers go on, nothing was replaced
	local n
	n=$(vtun_get a "$(sa_out a).packets") &&
	[ "$n" -gt "$PACKETS" ] && PACKETS=$n &&
	[ "$(vtun_get a "$(sa_out a).seq")" -ge "$n" ] &&
	vtun_is a "$(child switches)" 1 &&
	vtun_is b "$(child switches)" 1
}

flood_lost_nothing() {
	: > "$TMP/stop"
	wait $FLOOD
	local rc=$?
	cat "$TMP/flood"
	return $rc
}

# one ESP packet on its way from a to b, link header and all
capture() {
	serve a python3 -c '
import socket, sys
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
s.bind(("va", 0))
open(sys.argv[3], "w").write("ready")
while True:
    frame, where = s.recvfrom(65535)
    if where[2] == socket.PACKET_OUTGOING and frame[12:14] == b"\x08\x00" \
            and frame[23] == 50:
        open(sys.argv[1], "wb").write(frame)
        break' "$TMP/frame" &&
	in_ns a pings -n 1 10.2.0.1 && wait_until 3 test -s "$TMP/frame" &&
	in_ns a pings -n 3 10.2.0.1
}

# what was captured comes a second time: dropped as such, and nothing changes
replayed() {
	local before sa got
	sa=$(sa_in b)
	before=$(vtun_get b "$sa.packets $sa.seq")
	got=$(vtun_drops b "$sa" replay-dup)
	in_ns a python3 -c '
import socket, sys
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
s.bind(("va", 0))
s.send(open(sys.argv[1], "rb").read())' "$TMP/frame" &&
	wait_until 3 duplicates $((got + 1)) &&
	equal "$before" "$(vtun_get b "$sa.packets $sa.seq")"
}
duplicates() { equal "$1" "$(vtun_drops b "$(sa_in b)" replay-dup)"; }

carrier() { ipn a -br link show vt0 | grep -q LOWER_UP; }
no_carrier() { ! carrier; }
held() { vtun_is a "$(child held)" "$1"; }
dropped() { equal "$2" "$(vtun_drops a "children[name=c]" "$1")"; }
fire() { in_ns a flood -q -i 1000 -n "$1" -s 100 10.2.0.1; }

plan 53
begin vtun
vtun_pair
vtun_up
ipn a addr add $A2/24 dev va
ipn b addr add $B2/24 dev vb
in_ns a nft -f - <<X
table inet t {
	counter out_a1 { }
	counter out_a2 { }
	counter out_v6 { }
	counter out_udp { }
	counter out_mark { }
	chain c {
		type filter hook output priority 0;
		ip protocol esp ip saddr $OUT4_A counter name out_a1
		ip protocol esp ip saddr $A2 counter name out_a2
		ip6 nexthdr esp counter name out_v6
		udp dport 4500 counter name out_udp
		meta mark 77 counter name out_mark
	}
}
X
PACKETS=0
serve b flood -l
in_ns a flood -u "$TMP/stop" -i 1000 -d $((60 * SLOW)) -r "$TMP/flooding" 10.2.0.1 \
	> "$TMP/flood" 2>&1 &
FLOOD=$!
wait_until 5 test -s "$TMP/flooding"

# --- endpoints
check "a flood through the first path" sees a1
check "another source" set_c a local $A2
check "packets leave from there" sees a2
check "the peer is told" set_c b remote $A2
check "it moves, too" set_c b local $B2
check "and a is told" set_c a remote $B2
check "both know" eval 'path_is a $A2 $B2 && path_is b $B2 $A2'
check "SAs go on" same_sas
check "a mark and a link" set_c a mark 77 link va
check "are on the packets" sees mark
check "and off again" set_c a mark 0 link none
check "options change" set_c a dscp 46 df set mss 1200
check "and are read back" eval 'vtun_is a "$(child dscp)" 46 &&
	vtun_is a "$(child df)" set && vtun_is a "$(child mss)" 1200'
# a gateway that follows takes either kind while both ends change
check "the peers are followed" eval 'set_c a follow-peer yes &&
	set_c b follow-peer yes'
check "into IPv6" set_c a local $OUT6_A remote $OUT6_B
check "packets are IPv6" sees v6
check "the other end has followed" wait_until 3 path_is b $OUT6_B $OUT6_A
check "SAs go on" same_sas
bg_ns a natt -a :: > /dev/null 2>&1
bg_ns b natt -a :: > /dev/null 2>&1
wait_until 5 vtun_is a "sockets[port=4500].orphan" false
wait_until 5 vtun_is b "sockets[port=4500].orphan" false
check "into UDP" set_c a encap udp keepalive 5s
check "packets are UDP" sees udp
check "the other end has followed" wait_until 3 vtun_is b "$(child encap)" udp
check "back to IPv4 and ESP" set_c a local $OUT4_A remote $OUT4_B encap none
check "packets are" sees a1
check "the other end has followed" wait_until 3 path_is b $OUT4_B $OUT4_A

# --- selectors
check "wider selectors" set_c a remote-ts 10.0.0.0/8,fd02::/64
check "and the old ones" set_c a remote-ts 10.2.0.0/24,fd02::/64
check "SAs go on" same_sas
check "nothing was lost, nothing came twice" flood_lost_nothing

# --- what was sent before stays so: nothing new in between
check "a packet is captured" capture
check "sent again it is a replay" replayed
check "both ends move" eval 'set_c b local $B2 remote $A2 &&
	set_c a local $A2 remote $B2'
check "it is still a replay" replayed
check "and moves nobody back" path_is b $B2 $A2
check "others pass, it does not" eval 'in_ns a pings -n 3 10.2.0.1 && replayed'
set_c a local $OUT4_A remote $OUT4_B
set_c b local $OUT4_B remote $OUT4_A

# --- selectors that do not cover
check "selectors without the flow" set_c a remote-ts 10.77.0.0/24
fire 5
check "cover it no more" equal 0 "$(in_ns a pings -t 300 10.2.0.1 \
	> /dev/null 2>&1 && echo 1 || echo 0)"
check "and with it" eval 'set_c a remote-ts 10.2.0.0/24 &&
	in_ns a pings -n 3 10.2.0.1'

# --- refused: whole or not at all
refuse_c "one end of another family" famil local 2001:db8::77
refuse_c "ports without UDP" "need" local-port 4501
refuse_c "keepalive without UDP" "need" keepalive 5s
refuse_c "a good mark beside it" "need" mark 5 keepalive 5s
in_ns a ip link add gone type dummy
LINK=$(ipn a -o link show gone | cut -d: -f1)
in_ns a ip link del gone
refuse "a link that is not there" "no device" in_ns a python3 -c "
import sys; sys.path.insert(0, '$HERE'); from genl import Genl
Genl().do('child-set', [('child', [('name', 'c'), ('link', $LINK)])])"
refuse_c "a DSCP of seven bits" "dscp|64|0 to 63" dscp 64
refuse "a child that is not there" "no child" \
	in_ns a vtunctl child set nobody mark 1

# --- hold queue and carrier
in_ns a vtunctl sa del out child c spi "$(spi_of a 1)"
check "without SA no carrier" wait_until 3 no_carrier
check "on demand" set_c a on-demand yes hold-ms 60000
check "there is a carrier" wait_until 3 carrier
fire 10
check "10 wait" held 10
check "a smaller queue keeps the youngest" eval 'set_c a hold-packets 4 &&
	held 4 && dropped hold-full 6'
check "no longer on demand: nothing waits" eval 'set_c a on-demand no &&
	held 0'
check "no carrier" wait_until 3 no_carrier
finish
