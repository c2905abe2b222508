#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
#	a  vtun0 --- va ======== vb --- vtun0  b
#
# Namespaces, devices and children that go while packets, timers and expiries
# are under way, in every order.
#
# Proves: E-36 E-39, B65 B66 B67
# time limit: 400 s
# shellcheck source=selftests/net/lib.sh
. "$(dirname "$0")/lib.sh"

ROUNDS=2
[ "$FULL" = 0 ] || ROUNDS=200

# a tunnel between a and b, keys for both ways, an SA that expires all the time
tunnel() { # LIMITS…
	ns_add a b
	link_pair a va b vb
	tunnel_end a 1 2 "$OUT4_A" "$OUT4_B" "$@" &&
	tunnel_end b 2 1 "$OUT4_B" "$OUT4_A" "$@"
}

tunnel_end() { # NS MINE OTHER LOCAL REMOTE LIMITS…
	local n=$1 i=$2 j=$3
	ipn "$n" -batch - <<-X || return
	link add vtun0 type vtun
	link set vtun0 up
	addr add 10.$i.0.1/24 dev vtun0
	route add 10.$j.0.0/24 dev vtun0
	X
	in_ns "$n" vtunctl batch > /dev/null <<-X
	child add c dev vtun0 local $4 remote $5 on-demand
	sa install child c in spi 0x${i}000 suite chacha20poly1305 key $TMP/k$i out spi 0x${j}000 suite chacha20poly1305 key $TMP/k$j ${*:6}
	X
}

traffic() {
	bg_ns a ping -q -f -s 600 10.2.0.1 > /dev/null 2>&1
	bg_ns b ping -q -i 0.01 -s 600 10.1.0.1 > /dev/null 2>&1
	pause 0.2
}

works() { in_ns a ping -q -c 3 -i 0.05 -W 2 10.2.0.1; }

# the first is gone while the second goes on sending
end_in_order() { # NS NS ADDRESS-OF-THE-FIRST [HARD-LIMIT]
	local i
	for ((i = 0; i < ROUNDS; i++)); do
		tunnel soft-time 20ms hard-time "${4:-100ms}" || return 1
		traffic
		bg_ns "$2" flood -q -i 500 -d 600 "$3" > /dev/null 2>&1
		end_ns "$1" && wait_until 10 live_is devices 1 &&
		wait_until 10 live_is children 1 || return 1
		# it has not noticed yet
		kill -0 $! || return 1
		end_ns "$2" || return 1
		quiesce
		wait_until 10 live_is devices 0 || return 1
	done
	wait_until 5 no_vtun_dev && sas_balanced
}

# each device lives where the other one was born, both have sent
swapped() { # NS NS: the order they go in
	local n i j o
	tunnel || return 1
	ipn a link set vtun0 name swap netns "$ME-b" &&
	ipn b link set vtun0 netns "$ME-a" || return 1
	for n in "a vtun0 2 1" "b swap 1 2"; do
		read -r n o i j <<< "$n"
		ipn "$n" -batch - <<-X || return 1
		link set $o up
		addr add 10.$i.0.1/24 dev $o
		route add 10.$j.0.0/24 dev $o src 10.$i.0.1
		X
	done
	in_ns b pings -n 3 -t 3000 10.2.0.1 || return 1
	bg_ns a ping -q -f -s 600 10.1.0.1 > /dev/null 2>&1
	bg_ns b ping -q -f -s 600 10.2.0.1 > /dev/null 2>&1
	pause 0.2
	end_ns "$1" && end_ns "$2" || return 1
	quiesce
	wait_until 10 no_vtun_dev && wait_until 10 live_is devices 0 &&
	sas_balanced
}

devices_first() {
	local i
	for ((i = 0; i < ROUNDS; i++)); do
		tunnel || return 1
		traffic
		ipn a link del vtun0 && ipn b link del va 2> /dev/null
		ipn b link del vtun0 || return 1
		quiesce
		ns_del a b
	done
	sas_balanced
}

children_under_traffic() {
	local i
	tunnel || return 1
	traffic
	for ((i = 0; i < ROUNDS; i++)); do
		in_ns a vtunctl child del c || return 1
		in_ns a vtunctl child add c dev vtun0 local "$OUT4_A" \
			remote "$OUT4_B" on-demand || return 1
		pause 0.02
		in_ns a vtunctl sa install child c \
			in spi 0x1000 suite chacha20poly1305 key "$TMP/k1" \
			out spi 0x2000 suite chacha20poly1305 key "$TMP/k2" \
			seq $((1000000 * (i + 1))) || return 1
	done
	quiesce
	works && ns_del a b
}

# the device lives elsewhere; its packets still leave where it was born
moved() {
	tunnel || return 1
	ns_add c
	ipn a link set vtun0 netns "$ME-c" || return 1
	ipn c addr add 10.1.0.1/24 dev vtun0
	ipn c link set vtun0 up
	ipn c route add 10.2.0.0/24 dev vtun0
	in_ns c ping -q -c 3 -i 0.05 -W 2 10.2.0.1 || return 1
	# a child can still be attached, by its birth namespace only
	in_ns a vtunctl flush || return 1
	not in_ns c vtunctl child add x dev vtun0 local "$OUT4_A" \
		remote "$OUT4_B"
}

moved_home_dies() {
	moved || return 1
	ns_del a
	wait_until 5 no_device c vtun0 || return 1
	ns_del b c
	sas_balanced
}

moved_away_dies() {
	moved || return 1
	ns_del c
	in_ns a vtunctl show || return 1
	ns_del a b
	wait_until 5 no_vtun_dev && sas_balanced
}

no_device() { ! ipn "$1" link show "$2" > /dev/null 2>&1; }

unload_under_traffic() {
	local i
	for ((i = 0; i < 2; i++)); do
		tunnel soft-time 20ms hard-time 2s || return 1
		traffic
		bg_ns a timeout 20 vtunctl monitor > /dev/null 2>&1
		rmmod vtun || return 1
		quiesce
		ns_del a b
		load_module || return 1
	done
}

new_key "$TMP/k1" chacha20poly1305
new_key "$TMP/k2" chacha20poly1305
plan 14
begin vtun
check "namespaces end under traffic and expiry, sender first" \
	end_in_order a b 10.1.0.1
check "namespaces end under traffic and expiry, receiver first" \
	end_in_order b a 10.2.0.1
check "and while SAs live, sender first" end_in_order a b 10.1.0.1 60s
check "and receiver first" end_in_order b a 10.2.0.1 60s
check "devices are removed under traffic" devices_first
check "children are replaced under traffic" children_under_traffic
check "a moved device sends from where it was born" moved
cleanup
check "a moved device goes with its birth namespace" moved_home_dies
cleanup
check "a moved device goes with where it lives" moved_away_dies
cleanup
check "devices were swapped, namespaces go" swapped a b
cleanup
check "and the other way round" swapped b a
cleanup
check "the module is removed under traffic" unload_under_traffic
finish
