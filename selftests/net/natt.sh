#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# ESP in UDP. First without NAT, beside XFRM; then through a NAT that forgets
# and gives another port, with owners of sockets that are killed.
#
#	10.1.0.1 vt0 [a] va ------------------- vb [b] 10.2.0.1
#	                 vc -- [r] masquerade -- vd [b]
#	         10.0.0.1      192.0.2.9   192.0.2.2
#
# Proves: E-14 E-15 E-16 (RFC 3948, RFC 7296 2.23), B67
# shellcheck source=selftests/net/lib.sh
. "$(dirname "$0")/lib.sh"

OUT4_R=192.0.2.9 OUT4_N=10.0.0.1 IN4_R=10.0.0.9

owner() { # NS [WORDS…]: a daemon's socket; what it gets is in $TMP/owner.NS
	local n=$1 ready=$TMP/ready.$RANDOM
	shift
	nsrun "$ME-$n" natt "$@" -r "$ready" > "$TMP/owner.$n" 2>&1 &
	OWNER=$!
	PIDS+=("$OWNER")
	wait_until 10 test -s "$ready" || { cat "$TMP/owner.$n"; return 1; }
}

kill_owner() { kill -9 "$1" && ! wait "$1" 2> /dev/null; }

sockets_are() { # NS "PORT ORPHAN" …
	local n=$1 got want
	shift
	want=$(printf '%s\n' "$@" | sort)
	got=$(in_ns "$n" vtunctl --json show sockets | tr -d ' \n' |
		grep -oE '"port":[0-9]+,"orphan":(true|false)' |
		sed 's/"port"://; s/,"orphan":/ /' | sort)
	[ "$want" = "$got" ] || { echo "wanted: $want"; echo "got: $got";
		return 1; }
}

child() { echo "children[name=c].$1"; }

ping_both() { # PING of a to b, both families inside
	in_ns a pings -n 3 -t 3000 10.2.0.1 && in_ns a pings -n 3 -t 3000 fd02::1
}

got_ike() { grep -c "^7 IKE $2" "$TMP/owner.$1"; }

# counters of what passes: in r, from a
nft_count() { # NS NAME
	in_ns "$1" nft list counter inet t "$2" |
		awk '/packets/ { print $2 }'
}

# N keepalives in a time between LEAST and MOST ms, one of them may be missing
# at either end
cadence() { [ $(($1 * 400 - 400)) -le "$3" ] && [ $(($1 * 450 + 900)) -ge "$2" ]; }

nat_reset() { in_ns r nft reset counters table inet t > /dev/null; }

# ---- beside XFRM ----

xfrm_udp() { # SRC DST SPI KEYFILE: a line for ip -batch
	echo "xfrm state add src $1 dst $2 proto esp spi $3 reqid 7" \
		"mode tunnel if_id 7 flag af-unspec replay-window 64" \
		"encap espinudp 4500 4500 0.0.0.0" \
		"aead '$(xfrm_aead "$SUITE")' 0x$(cat "$4") 128"
}

xfrm_gateway() { # FAMILY
	local f=$1 a b
	a=$(outer a "$f") b=$(outer b "$f")
	{
		xfrm_udp "$a" "$b" "$(spi_of a "$f")" "$(gen_key a "$f")"
		xfrm_udp "$b" "$a" "$(spi_of b "$f")" "$(gen_key b "$f")"
		xfrm_door "$b" "$a" 7 4
		cat <<-X
		link add xf$f type xfrm dev vb if_id 7
		addr add 10.2.0.1/24 dev xf$f
		link set xf$f mtu 1300 addrgenmode none up
		route add 10.1.0.0/24 dev xf$f src 10.2.0.1
		X
	} > "$TMP/batch"
	ipn b -batch "$TMP/batch"
}

xfrm_gone() { # FAMILY
	ipn b -batch - <<-X
	link del xf$1
	xfrm state flush
	xfrm policy flush
	X
}

xfrm_pair() { # FAMILY
	local any=0.0.0.0
	[ "$1" = 4 ] || any=::
	in_ns a vtunctl child del c 2> /dev/null
	in_ns a vtunctl child add c dev vt0 local "$(outer a "$1")" \
		remote "$(outer b "$1")" encap udp keepalive 0 &&
	owner a -a "$any" && A=$OWNER &&
	owner b -X -a "$any" && B=$OWNER &&
	xfrm_gateway "$1" && vtun_install a "$1"
}

# ---- behind NAT ----

nat_up() {
	ip link add vc netns "$ME-a" type veth peer name vr netns "$ME-r"
	ip link add vd netns "$ME-b" type veth peer name vs netns "$ME-r"
	ipn a -batch - <<-X
	addr flush dev va
	link set va down
	addr add $OUT4_N/24 dev vc
	link set vc up
	route add default via $IN4_R dev vc
	X
	ipn r -batch - <<-X
	addr add $IN4_R/24 dev vr
	addr add $OUT4_R/24 dev vs
	link set vr up
	link set vs up
	X
	ipn b -batch - <<-X
	addr flush dev vb
	link set vb down
	addr add $OUT4_B/24 dev vd
	link set vd up
	X
}

nat_port() { # PORT: what the NAT makes of every port from now on
	in_ns r nft -f - <<-X
	table inet t
	flush table inet t
	table inet t {
		counter keepalive { }
		counter other { }
		chain nat {
			type nat hook postrouting priority srcnat;
			oifname vs ip saddr $OUT4_N ip protocol udp masquerade to :$1
		}
		chain count {
			type filter hook forward priority 0;
			iifname vr udp dport 4500 udp length 9 counter name keepalive
			iifname vr udp dport 4500 udp length != 9 counter name other
		}
	}
	X
	# it forgets quickly
	in_ns r sh -c 'cd /proc/sys/net/netfilter
		echo 1 > nf_conntrack_udp_timeout
		echo 1 > nf_conntrack_udp_timeout_stream'
}

nat_gateway() { # NS PEER-NS LOCAL REMOTE [WORDS…]
	local n=$1 i=1 j=2 l=$3 r=$4
	[ "$n" = a ] || i=2 j=1
	shift 4
	in_ns "$n" vtunctl child del c 2> /dev/null
	in_ns "$n" vtunctl child add c dev vt0 local "$l" remote "$r" encap udp \
		local-ts "10.$i.0.0/24,fd0$i::/64" \
		remote-ts "10.$j.0.0/24,fd0$j::/64" "$@"
}

# generation G; a starts at 100, so that 1 to 99 were sent by nobody
nat_sas() { # GENERATION
	vtun_install a "$1" "" "" "seq 100" && vtun_install b "$1"
}

forge_nat() { # GENERATION PORT OP…: what a might have sent, from r to b
	local g=$1 port=$2
	shift 2
	in_ns r forge -s "$(spi_of a "$g")" -u "$SUITE" -k "$(gen_key a "$g")" \
		-n "$port" -b $OUT4_R -i 10.1.0.1 -o 10.2.0.1 $OUT4_B "$@"
}

forge_raw() { # GENERATION OP…: the same without UDP
	local g=$1
	shift
	in_ns r forge -s "$(spi_of a "$g")" -u "$SUITE" -k "$(gen_key a "$g")" \
		-b $OUT4_R -i 10.1.0.1 -o 10.2.0.1 $OUT4_B "$@"
}

died() { # REASON N: of the SA that is forged
	equal "$2" "$(vtun_drops b "$(sa_in b 14)" "$1")"
}

peer_port() { vtun_is b "$(child remote_port)" "$1"; }

moves_are() { events_are "$1" b event=peer-moved; }

flood_start() { # SECONDS
	in_ns a flood -u "$TMP/stop" -i 1000 -d "$1" -r "$TMP/flooding" \
		10.2.0.1 > "$TMP/flood" 2>&1 &
	FLOOD=$!
	wait_until 5 test -s "$TMP/flooding"
}

flood_stop() { # nothing was lost
	local rc
	: > "$TMP/stop"
	wait "$FLOOD"
	rc=$?
	cat "$TMP/flood"
	rm -f "$TMP/stop" "$TMP/flooding"
	return $rc
}

# the socket no longer tells when it is closed; what lives of it would keep its
# namespace, and with that the device
encap_off() {
	local devices
	read -r devices < /sys/module/vtun/parameters/live_devices
	ns_add k
	ipn k link add vtk type vtun
	in_ns k natt -z && ns_del k &&
	wait_until 10 live_is devices "$devices" &&
	wait_until 10 live_is sockets 0
}

module_gone() { # under an owner that lives
	ipn a link del vt0
	in_ns a vtunctl flush &&
	rmmod vtun && [ ! -d /sys/module/vtun ]
}

plan 62
begin vtun
ns_add a b r
link_pair a va b vb
ipn a -batch - <<X
link add vt0 type vtun
link set vt0 addrgenmode none up
addr add 10.1.0.1/24 dev vt0
addr add fd01::1/64 dev vt0 nodad
route add 10.2.0.0/24 dev vt0 src 10.1.0.1
route add fd02::/64 dev vt0 src fd01::1
X

# --- sockets
for kind in closed:descriptor file:descriptor tcp:UDP raw:UDP \
	foreign:namespace encap:another; do
	refuse "a socket is refused: ${kind%:*}" "${kind#*:}" \
		in_ns a natt -x "${kind%:*}" -n "$ME-b"
done
check "a socket is taken" owner a
check "and shown" sockets_are a "4500 false"
check "IPv6 beside it" owner a -a fd01::1 -p 4501
kill_owner "$OWNER"
check "killed: the module serves its port" wait_until 3 \
	sockets_are a "4500 false" "4501 true"
refuse "no socket is there to be detached" "no socket" \
	in_ns a vtunctl socket del local 0.0.0.0 port 4999
in_ns a vtunctl socket del local 0.0.0.0 port 4500
in_ns a vtunctl socket del local fd01::1 port 4501
check "detached" sockets_are a ""
kill "${PIDS[@]}" 2> /dev/null; PIDS=()

check "encapsulation is turned off, socket and namespace go" encap_off

# --- XFRM
for f in 4 6; do
	check "vtun and XFRM in UDP over IPv$f" xfrm_pair $f
	check "pings through both" in_ns a pings -s 0-1200:113 -n 2 10.2.0.1
	kill "$A" "$B"
	xfrm_gone $f
	wait_until 3 sockets_are a "4500 true"
	[ $f = 4 ] && any=0.0.0.0 || any=::
	in_ns a vtunctl socket del local "$any" port 4500
done
in_ns a vtunctl child del c

# --- NAT
ipn b -batch - <<X
link add vt0 type vtun
link set vt0 addrgenmode none up
addr add 10.2.0.1/24 dev vt0
addr add fd02::1/64 dev vt0 nodad
route add 10.1.0.0/24 dev vt0 src 10.2.0.1
route add fd01::/64 dev vt0 src fd02::1
X
nat_up
check "a NAT" nat_port 10001
check "a behind it" nat_gateway a b $OUT4_N $OUT4_B keepalive 0
check "b before it, announces" nat_gateway b a $OUT4_B $OUT4_R
owner a; A=$OWNER
owner b; B=$OWNER
events b
check "SAs" nat_sas 14
serve b flood -l
in_ns a flood -q -n 3 10.2.0.1
check "they arrive" wait_until 3 vtun_is b "$(sa_in b 14).packets" 3
check "the peer has moved: one event" moves_are 1
check "it names where to" events_are 1 b event=peer-moved src=$OUT4_R \
	port=10001 dst=$OUT4_B followed=false
check "and so does the child" vtun_is b \
	"$(child moved_port)" 10001
check "but is sent to where it was" peer_port 4500
forge_raw 14 valid:40-44
check "5 without UDP are taken, too" wait_until 3 vtun_is b \
	"$(sa_in b 14).packets" 8
check "follow it" in_ns b vtunctl child set c follow-peer yes
check "pings are answered through the NAT" ping_both
check "as the peer is followed" peer_port 10001
check "one more event" moves_are 2
check "nothing is remembered as moved" vtun_is b "$(child moved_port)" ""

# --- forged
forge_nat 14 666 flip:50:64-73
check "10 forged from elsewhere" wait_until 3 \
	died integrity 10
check "move nobody" peer_port 10001
before=$(vtun_get b "$(sa_in b 14).packets")
forge_nat 14 666 valid:20-29
check "10 genuine but late from elsewhere" wait_until 3 vtun_is b \
	"$(sa_in b 14).packets" $((before + 10))
forge_nat 14 667 valid:20-29
check "10 replayed" wait_until 3 died replay-dup 10
check "move nobody" eval 'peer_port 10001 && moves_are 2'
check "a rekey" nat_sas 15
ping_both > /dev/null
forge_nat 14 668 valid:5000
check "the newest of an old SA" wait_until 3 vtun_is b \
	"$(sa_in b 14).seq" 5000
check "moves nobody" eval 'peer_port 10001 && moves_are 2'

# --- the NAT forgets
pause 1.5
nat_port 20002
check "another port" in_ns a pings -n 3 -t 3000 10.2.0.1
check "is followed" peer_port 20002
check "three events in all" moves_are 3

# --- keepalive
in_ns a vtunctl child set c keepalive 400ms
# where starting nft takes a while nobody knows when in it it counts
t0=${EPOCHREALTIME/./}
nat_reset
t1=${EPOCHREALTIME/./}
pause 2.5
least=$(ms_since "$t1")
n=$(nft_count r keepalive)
most=$(ms_since "$t0")
check "keepalives in silence: $n in $least to $most ms, one in 400 to 450" \
	cadence "$n" "$least" "$most"
check "they are no use of the SA" equal 0 "$(nft_count r other)"
flood_start $((20 * SLOW))
nat_reset
pause 1.5
n=$(nft_count r keepalive)
flood_stop > /dev/null
check "none in traffic" equal 0 "$n"
check "b counts none of them" equal 0 "$(vtun_drops b info too-short)"

# --- IKE
owner r -p 4501 -d $OUT4_B && kill_owner "$OWNER"
check "IKE reaches its owner" wait_until 3 got_ike b "$OUT4_R"

# --- owners die
check "a flood" flood_start $((20 * SLOW))
kill_owner "$B"
check "the owner is killed: its port is served" wait_until 3 \
	sockets_are b "4500 true"
pause 0.5
check "a new one, handed over before it is bound" owner b -e
B=$OWNER
check "takes its place" sockets_are b "4500 false"
pause 0.3
check "nothing was lost" flood_stop
kill_owner "$B"
check "killed again" wait_until 3 sockets_are b "4500 true"
check "pings are answered" ping_both
check "its port can be freed" in_ns b vtunctl socket del local 0.0.0.0 port 4500
owner b; B=$OWNER
kill_owner "$B"
wait_until 3 sockets_are b "4500 true"
for pid in $(ip netns pids "$ME-b"); do
	kill -9 "$pid"
done
ns_del r
check "a namespace ends with an orphan in it" ns_del b
check "nothing of it is left" wait_until 10 \
	live_is sockets 1
check "the module goes while a socket is handed over" module_gone
check "its owner lives" kill -0 "$A"
finish
