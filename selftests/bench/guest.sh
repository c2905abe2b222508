#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Runs inside the guest, under a clock that counts instructions: one TCP stream
# through nothing and through each of the tunnels a user could pick, between the
# same two namespaces.
#
#	   a                                          b
#	va   192.0.2.1 ----------------------- 192.0.2.2 vb
#	tun0 10.10.0.1 ======================= 10.10.0.2 tun0
#
# tun0 is a WireGuard device, an XFRM interface or a vtun device.
# A line per measurement goes to $SCRATCH/samples: path suite round mss bit/s.
# SECONDS_EACH and ROUNDS are the length and number of measurements.
# shellcheck source=selftests/net/lib.sh
. "$(dirname "$0")/../net/lib.sh"

ME=bench
SECONDS_EACH=${SECONDS_EACH:-2}
ROUNDS=${ROUNDS:-2}
# PATH:SUITE
CELLS=${CELLS:-none:none wireguard:chacha20poly1305
	xfrm:chacha20poly1305 vtun:chacha20poly1305
	xfrm:aes256gcm16 vtun:aes256gcm16}
SAMPLES=${SCRATCH:-/tmp}/samples

say() { echo "bench: $*"; }

addresses() { # lines for ip -batch
	echo "addr add 10.10.0.$([ "$1" = a ] && echo 1 || echo 2)/24 dev tun0"
	echo "link set tun0 up"
}

setup_wireguard() {
	local n o
	umask 077
	for n in a b; do
		wg genkey > "$TMP/wg.$n"
		ipn $n link add tun0 type wireguard || return
	done
	for n in a b; do
		o=b
		[ $n = a ] || o=a
		in_ns $n wg set tun0 listen-port 5000 \
			private-key "$TMP/wg.$n" \
			peer "$(wg pubkey < "$TMP/wg.$o")" \
			allowed-ips 10.10.0.0/24 endpoint "$(outer $o 4):5000"
		addresses $n | ipn $n -batch - || return
	done
}

setup_xfrm() { # SUITE
	local n o
	for n in a b; do
		o=b
		[ $n = a ] || o=a
		{
			xfrm_sa $OUT4_A $OUT4_B 0x1001 "$1" "$TMP/key.a" noesn 1 0
			xfrm_sa $OUT4_B $OUT4_A 0x2001 "$1" "$TMP/key.b" noesn 1 0
			xfrm_door "$(outer $n 4)" "$(outer $o 4)" 1 4
			echo "link add tun0 type xfrm dev v$n if_id 1"
			addresses $n
		} | ipn $n -batch - || return
	done
}

setup_vtun() { # SUITE
	local n o spi_a=0x1001 spi_b=0x2001 in out
	load_module || return
	for n in a b; do
		o=b in=$spi_b out=$spi_a
		[ $n = a ] || o=a in=$spi_a out=$spi_b
		ipn $n link add tun0 type vtun || return
		in_ns $n vtunctl child add bench dev tun0 \
			local "$(outer $n 4)" remote "$(outer $o 4)" || return
		in_ns $n vtunctl sa install child bench \
			in spi $in suite "$1" key "$TMP/key.$o" \
			out spi $out suite "$1" key "$TMP/key.$n" || return
		addresses $n | ipn $n -batch - || return
	done
}

# one tunnel at a time: policies of another would slow down a lookup
setup() { # PATH SUITE
	new_key "$TMP/key.a" "${2/none/aes256gcm16}"
	new_key "$TMP/key.b" "${2/none/aes256gcm16}"
	case $1 in
	none) ;;
	wireguard) setup_wireguard ;;
	xfrm) setup_xfrm "$2" ;;
	vtun) setup_vtun "$2" ;;
	esac
}

teardown() {
	local n
	for n in a b; do
		ipn $n xfrm state flush
		ipn $n xfrm policy flush
		ipn $n link del tun0
	done 2> /dev/null
}

measure() { # ROUND PATH SUITE ADDRESS
	local out
	in_ns a iperf3 -J -c "$4" -t "$SECONDS_EACH" > "$TMP/iperf" || {
		say "$2 $3: $(jget error < "$TMP/iperf")"
		return 1
	}
	out=$(jget 'start.tcp_mss_default end.sum_received.bits_per_second' \
		< "$TMP/iperf")
	out=${out%.*}
	say "$2 $3, round $1: MSS ${out% *}, $((${out#* } / 1000000)) Mbit/s"
	echo "$2 $3 $1 $out" >> "$SAMPLES"
}

main() {
	local cell r to
	[ -d /run/vtun ] || [ "${FORCE:-0}" = 1 ] ||
		{ say "this runs inside a guest: make bench"; return 1; }
	modprobe -qa wireguard aesni_intel xfrm_interface
	ip netns add bench-a
	ip netns add bench-b
	link_pair a va b vb
	bg_ns b iperf3 -s > /dev/null
	wait_until 20 in_ns a iperf3 -c $OUT4_B -n 1M > /dev/null || return
	: > "$SAMPLES"
	for cell in $CELLS; do
		setup "${cell%:*}" "${cell#*:}" || return
		to=10.10.0.2
		[ "$cell" != none:none ] || to=$OUT4_B
		# round 0 warms caches and slabs and is thrown away
		for ((r = 0; r <= ROUNDS; r++)); do
			measure $r "${cell%:*}" "${cell#*:}" $to || return
		done
		teardown
	done
}

trap 'cleanup; rm -rf "$TMP"' EXIT
main
