#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Runs inside the guest, under a clock that counts instructions: what a packet
# costs in each of the tunnels a user could pick, and one TCP stream.
#
# A line per measurement goes to $SCRATCH/samples:
#	path suite workload unit round value
# BENCH is a regular expression of cells PATH/SUITE/WORKLOAD; ROUNDS and
# TCP_ROUNDS are numbers of repetitions; FULL=1: everything, see run.
# shellcheck source=selftests/net/lib.sh
. "$(dirname "$0")/../net/lib.sh"
# shellcheck source=selftests/bench/systems.sh
. "$(dirname "$0")/systems.sh"
# shellcheck source=selftests/bench/scale.sh
. "$(dirname "$0")/scale.sh"
# shellcheck source=selftests/bench/rekey.sh
. "$(dirname "$0")/rekey.sh"

ME=bench
BENCH=${BENCH:-.}
TRIES=5 PERCENT=3
SYSTEMS=${SYSTEMS:-none:none
	xfrm:chacha20poly1305 xfrm:aes256gcm16
	xfrm-policy:aes256gcm16 xfrm-udp:aes256gcm16
	wireguard:chacha20poly1305
	vtun:chacha20poly1305 vtun:aes256gcm16
	vtun-policy:aes256gcm16 vtun-udp:aes256gcm16}
# NAME:words of the command
PACKETS=${PACKETS:-64:kind=udp,size=64,count=512
	1400:kind=udp,size=1400,count=512
	tcpgso:kind=tcpgso,size=1400,count=24}
STREAMS=${STREAMS:-xfrm xfrm-policy wireguard vtun vtun-policy none}
# how many of scale.sh
SCALE=${SCALE:-1 1000}
if [ "$FULL" = 0 ]; then
	ROUNDS=${ROUNDS:-3} TCP_ROUNDS=${TCP_ROUNDS:-1} REKEYS=${REKEYS:-0}
else
	ROUNDS=${ROUNDS:-5} TCP_ROUNDS=${TCP_ROUNDS:-3} REKEYS=${REKEYS:-10000}
	SYSTEMS+=' xfrm:null vtun:null xfrm-offload:aes256gcm16'
	PACKETS+=' 576:kind=udp,size=576
		udpgso:kind=udpgso,size=1400,count=32'
	STREAMS+=' xfrm-udp vtun-udp xfrm-offload'
	SCALE+=' 10000 100000'
fi
SAMPLES=${SCRATCH:-/tmp}/samples
CONTROL=/sys/kernel/debug/vtbench

say() { echo "bench: $*"; }

wanted() { # PATH SUITE WORKLOAD...: is any of these cells asked for?
	local w p=$1 s=$2
	shift 2
	for w; do
		[[ ! $p/$s/$w =~ $BENCH ]] || return 0
	done
	return 1
}

sample() { # PATH SUITE WORKLOAD UNIT ROUND VALUE
	echo "$*" >> "$SAMPLES"
}

# ask COMMAND: instructions per packet, a thousand times that, into $ANSWER
ask() {
	local packets insns lost twice
	echo "$1" > $CONTROL || { say "$1: refused"; return 1; }
	read -r packets insns lost twice < $CONTROL
	if [ "$packets" = 0 ] || [ "$lost" != 0 ] || [ "$twice" != 0 ]; then
		say "$1: $lost packets lost, $twice twice, $packets arrived"
		return 1
	fi
	ANSWER=$((insns * 1000 / packets))
}

# spread VALUE...: per mille between the smallest and the largest
spread() {
	local v min=$1 max=$1
	for v; do
		[ "$v" -ge "$min" ] || min=$v
		[ "$v" -le "$max" ] || max=$v
	done
	echo $(((max - min) * 1000 / min))
}

# rounds COMMAND...: each of the commands in turn; results in the array GOT,
# round after round. Round 0 warms caches and slabs and is thrown away.
rounds() {
	local r c try i n=$# ok column
	for ((try = 1; try <= TRIES; try++)); do
		GOT=()
		for ((r = 0; r <= ROUNDS; r++)); do
			for c; do
				ask "$c" || return
				[ $r = 0 ] || GOT+=("$ANSWER")
			done
			pause 0.02
		done
		ok=1
		for ((i = 0; i < n; i++)); do
			column=()
			for ((r = 0; r < ROUNDS; r++)); do
				column+=("${GOT[r * n + i]}")
			done
			[ "$(spread "${column[@]}")" -le $((PERCENT * 10)) ] ||
				ok=0
		done
		[ $ok = 0 ] || return 0
	done
	say "repetitions differ by more than $PERCENT %: ${GOT[*]}"
}

record() { # PATH SUITE COLUMNS COLUMN WORKLOAD: out of GOT
	local r
	for ((r = 0; r < ROUNDS; r++)); do
		sample "$1" "$2" "$5" insn/packet $((r + 1)) \
			"$(per_mille "${GOT[r * $3 + $4]}")"
	done
	say "$1 $2 $5: $((GOT[$4] / 1000)) instructions per packet"
}

per_mille() { printf '%d.%03d' $(($1 / 1000)) $(($1 % 1000)); }

packet_cells() { # PATH SUITE
	local p name words to='src=10.10.0.1 dst=10.10.0.2' rc=0
	[ "$1" != none ] || to="src=$OUT4_A dst=$OUT4_B"
	[[ $1 != *-policy ]] || to+=' policy=1'
	for p in $PACKETS; do
		name=${p%%:*} words=${p#*:}
		wanted "$1" "$2" "encap-$name" "decap-$name" || continue
		rounds "encap ${words//,/ } $to store=1" "decap $to" ||
			{ rc=1; continue; }
		record "$1" "$2" 2 0 "encap-$name"
		record "$1" "$2" 2 1 "decap-$name"
		page "$1 $2 $name"
	done
	return $rc
}

# tells a profiler in the emulator what it has counted
page() {
	[ "${PROFILE:-0}" = 0 ] || {
		echo page > $CONTROL
		echo "$*" >> "$SCRATCH/pages"
		cp /proc/kallsyms "$SCRATCH/kallsyms"
	}
}

# the cipher alone
floor_cells() {
	local s suite p size
	for s in gcm:aes256gcm16 chacha:chacha20poly1305; do
		suite=${s#*:}
		for p in $PACKETS; do
			wanted floor "$suite" "encap-${p%%:*}" || continue
			size=${p#*size=}
			rounds "floor suite=${s%:*} size=${size%%,*}" || return
			record floor "$suite" 1 0 "encap-${p%%:*}"
			record floor "$suite" 1 0 "decap-${p%%:*}" > /dev/null
			page "floor $suite ${p%%:*}"
		done
	done
}

# What the second CPU is worth to one tunnel: the clock is that on the wall here
scaling_cell() { # PATH SUITE
	local r cpus one=0 two=0 to='src=10.10.0.1 dst=10.10.0.2'
	[ "$1" != none ] || to="src=$OUT4_A dst=$OUT4_B"
	[[ $1 != *-policy ]] || to+=' policy=1'
	to+=' kind=udp size=1400 flows=2'
	for ((r = 0; r <= 2 * ROUNDS; r++)); do
		for cpus in 1 2; do
			# one and the same number of packets
			ask "scaling $to cpus=$cpus count=$((8192 / cpus))" ||
				return
			# the first round warms up, the best one was disturbed least
			[ $r != 0 ] || continue
			[ $cpus != 1 ] || one=$(least "$ANSWER" "$one")
			[ $cpus != 2 ] || two=$(least "$ANSWER" "$two")
		done
	done
	one=$(per_mille $((one * 1000 / two)))
	sample "$1" "$2" two-cpus-1400 x 1 "$one"
	say "$1 $2: two CPUs are worth $one of one"
}

least() { # A B: 0 = nothing
	[ "$2" != 0 ] && [ "$2" -lt "$1" ] && echo "$2" || echo "$1"
}

tcp_cell() { # PATH SUITE
	local r out to=10.10.0.2
	[[ " $STREAMS " == *" $1 "* ]] && wanted "$1" "$2" tcp1 || return 0
	[ "$1" != none ] || to=$OUT4_B
	bg_ns b iperf3 -s > /dev/null 2>&1
	wait_until 20 in_ns a iperf3 -c "$to" -n 8M > /dev/null || return
	for ((r = 1; r <= TCP_ROUNDS; r++)); do
		in_ns a iperf3 -J -c "$to" -t 1 > "$TMP/iperf" || {
			say "$1 $2: $(jget error < "$TMP/iperf")"
			return 1
		}
		out=$(jget end.sum_received.bits_per_second < "$TMP/iperf")
		out=${out%.*}
		sample "$1" "$2" tcp1 Mbit/s $r "$(per_mille $((out / 1000)))"
	done
	say "$1 $2 tcp1: $((out / 1000000)) Mbit/s"
}

alive() { # PATH: a tunnel that carries a ping carries handshakes, too
	[ "$1" = none ] ||
		in_ns a ping -q -c 1 -W 3 -I 10.10.0.1 10.10.0.2 > /dev/null
}

fair() { # PATH: is nothing loaded that does not belong to it?
	local m
	for m in vtun esp4_offload; do
		[[ $m-$1 != vtun-vtun* && $m-$1 != *_offload-*-offload ]] ||
			continue
		[ ! -d /sys/module/$m ] ||
			{ say "$1: $m is loaded"; return 1; }
	done
}

run_systems() { # LINK FUNCTION WORKLOAD...
	local s link=$1 f=$2 rc=0
	shift 2
	use_link "$link"
	for s in $SYSTEMS; do
		wanted "${s%:*}" "${s#*:}" "$@" || continue
		if ! setup "${s%:*}" "${s#*:}"; then
			say "${s/:/ }: cannot be set up"
			rc=1
		elif ! wait_until 5 alive "${s%:*}"; then
			say "${s/:/ }: carries nothing"
			rc=1
		elif ! fair "${s%:*}"; then
			rc=1
		else
			"$f" "${s%:*}" "${s#*:}" || rc=1
		fi
		teardown
	done
	return $rc
}

workloads() {
	local p
	for p in $PACKETS; do
		echo "encap-${p%%:*} decap-${p%%:*}"
	done
}

main() {
	local rc=0 ko n
	[ -d /run/vtun ] || [ "${FORCE:-0}" = 1 ] ||
		{ say "this runs inside a guest: make bench"; return 1; }
	modprobe -qa wireguard aesni_intel xfrm_interface esp4 xfrm_user \
		chacha20poly1305 crypto_null authenc echainiv
	# guests hold a socket that wants time stamps of every packet
	kill "$(pidof ping)" 2> /dev/null
	ko=$BUILD/$(uname -r)-bench/vtbench.ko
	insmod "$ko" || return
	: > "$SAMPLES"
	# nothing may be sent that nobody asked for
	for n in a b; do
		ip netns add bench-$n
		in_ns $n sh -c 'cd /proc/sys/net/ipv6/conf
			echo 1 > all/disable_ipv6
			echo 1 > default/disable_ipv6'
	done
	ip link add va netns bench-a type veth peer name vb netns bench-b
	ipn a link add cap0 type vtcap
	ipn b link add cap1 type vtcap
	if [ "$(nproc)" -gt 1 ]; then
		run_systems capture scaling_cell two-cpus-1400
		return
	fi
	floor_cells || rc=1
	# shellcheck disable=SC2046 # words
	run_systems capture packet_cells $(workloads) || rc=1
	run_systems veth tcp_cell tcp1 || rc=1
	scale_cells || rc=1
	flow_cells || rc=1
	rekey_cells || rc=1
	return $rc
}

trap 'cleanup; rm -rf "$TMP"' EXIT
main
