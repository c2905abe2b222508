# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# The tunnels under test, each between the namespaces a and b over one of two
# links. Sourced by guest.sh behind ../net/lib.sh.
#
#	        a                                         b
#	veth    va   192.0.2.1 -------------- 192.0.2.2   vb
#	capture cap0 192.0.2.1 -------------- 192.0.2.2   cap1
#	tun0    10.10.0.1 ================== 10.10.0.2    tun0
#
# Only one of the links has addresses at a time. Paths without a device have
# the inner addresses on the loopback device.

LINK=veth
lower() {
	case $LINK-$1 in
	veth-*) echo "v$1" ;;
	capture-a) echo cap0 ;;
	capture-b) echo cap1 ;;
	esac
}
inner() { echo "10.10.0.$([ "$1" = a ] && echo 1 || echo 2)"; }
other() { [ "$1" = a ] && echo b || echo a; }

use_link() { # veth|capture
	local n
	for n in a b; do
		ipn $n addr flush dev "$(lower $n)"
		ipn $n link set "$(lower $n)" down
	done
	LINK=$1
	for n in a b; do
		ipn $n addr add "$(outer $n 4)/24" dev "$(lower $n)"
		ipn $n link set "$(lower $n)" up
	done
}

addresses() { # lines for ip -batch
	echo "addr add $(inner "$1")/24 dev tun0"
	echo "link set tun0 mtu 1400 up"
}

# the same without a device
addresses_lo() {
	echo "addr add $(inner "$1")/32 dev lo"
	echo "route add $(inner "$(other "$1")")/32 via" \
		"$(outer "$(other "$1")" 4) src $(inner "$1")"
}

setup_wireguard() {
	local n o
	umask 077
	for n in a b; do
		wg genkey > "$TMP/wg.$n"
		ipn $n link add tun0 type wireguard || return
	done
	for n in a b; do
		o=$(other $n)
		in_ns $n wg set tun0 listen-port 5000 \
			private-key "$TMP/wg.$n" \
			peer "$(wg pubkey < "$TMP/wg.$o")" \
			allowed-ips 10.0.0.0/8 endpoint "$(outer $o 4):5000"
		addresses $n | ipn $n -batch - || return
	done
}

# state LOCAL-NS SPI SUITE KEYFILE IF_ID [WORDS]: one outbound SA of XFRM
state() {
	local o key how
	o=$(other "$1")
	key=0x$(cat "$4")
	case $3 in
	chacha20poly1305) how="aead 'rfc7539esp(chacha20,poly1305)' $key 128" ;;
	null) how="auth digest_null '' enc 'ecb(cipher_null)' ''" ;;
	*) how="aead 'rfc4106(gcm(aes))' $key 128" ;;
	esac
	echo "xfrm state add src $(outer "$1" 4) dst $(outer "$o" 4)" \
		"proto esp spi $2 reqid 1 mode tunnel flag af-unspec" \
		"replay-window 64 if_id $5 ${6:-} $how"
}

setup_xfrm() { # SUITE [STATE-WORDS]
	local n o
	for n in a b; do
		o=$(other $n)
		{
			state a 0x1001 "$1" "$TMP/key.a" 1 "${2:-}"
			state b 0x2001 "$1" "$TMP/key.b" 1 "${2:-}"
			xfrm_door "$(outer $n 4)" "$(outer $o 4)" 1 4
			echo "link add tun0 type xfrm dev $(lower $n) if_id 1"
			addresses $n
		} | ipn $n -batch - || return
	done
}

# ESP in UDP: somebody has to hold the socket
setup_xfrm-udp() { # SUITE
	local n
	for n in a b; do
		bg_ns $n python3 -c 'import socket, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.IPPROTO_UDP, 100, 2)	# UDP_ENCAP: ESPINUDP
s.bind(("", 4500))
print(flush=True)
time.sleep(3600)' > "$TMP/udp.$n"
		wait_until 5 test -s "$TMP/udp.$n" || return
	done
	setup_xfrm "$1" "encap espinudp 4500 4500 0.0.0.0"
}

# what a user gets who asks for it: super-packets are cut behind ESP's headers,
# and packets merged before ESP, by a module that no SA loads by itself
setup_xfrm-offload() { # SUITE
	modprobe esp4_offload && setup_xfrm "$1"
}

# policy OUT|IN SRC-NS [SELECTOR]: of the packets that start in SRC-NS
policy() {
	local o tmpl
	o=$(other "$2")
	tmpl="src $(outer "$2" 4) dst $(outer "$o" 4) proto esp reqid 1"
	echo "xfrm policy add ${3:-src $(inner "$2")/32 dst $(inner "$o")/32}" \
		"dir $1 tmpl $tmpl mode tunnel"
}

setup_xfrm-policy() { # SUITE
	local n
	for n in a b; do
		{
			state a 0x1001 "$1" "$TMP/key.a" 0
			state b 0x2001 "$1" "$TMP/key.b" 0
			policy out $n
			policy in "$(other $n)"
			addresses_lo $n
		} | ipn $n -batch - || return
	done
}

# vtun_child NS SUITE [CHILD-WORDS]: a child with its SAs
vtun_child() {
	local n=$1 o in=0x1001 out=0x2001
	o=$(other "$n")
	[ "$n" = b ] || in=0x2001 out=0x1001
	# shellcheck disable=SC2086 # words
	in_ns "$n" vtunctl child add bench local "$(outer "$n" 4)" \
		remote "$(outer "$o" 4)" ${3:-} &&
	in_ns "$n" vtunctl sa install child bench \
		in spi $in suite "$2" key "$TMP/key.$o" \
		out spi $out suite "$2" key "$TMP/key.$n"
}

# the null cipher is in the module with load-time self-tests alone; on the way
# of a packet there is no other difference
load_for() { # SUITE
	[ "$1" != null ] ||
		local VTUN_KO=${VTUN_KO%/*}-debug/vtun.ko
	load_module
}

setup_vtun() { # SUITE [CHILD-WORDS]
	local n
	load_for "$1" || return
	for n in a b; do
		ipn $n link add tun0 type vtun || return
		vtun_child $n "$1" "dev tun0 ${2:-}" || return
		addresses $n | ipn $n -batch - || return
	done
}

setup_vtun-udp() { # SUITE
	local n
	load_module || return
	for n in a b; do
		in_ns $n vtunctl socket add local "$(outer $n 4)" port 4500 ||
			return
	done
	setup_vtun "$1" "encap udp local-port 4500 remote-port 4500"
}

setup_vtun-policy() { # SUITE
	local n
	load_module || return
	for n in a b; do
		vtun_child $n "$1" || return
		in_ns $n vtunctl policy add protect child bench \
			local "$(inner $n)/32" \
			remote "$(inner "$(other $n)")/32" > /dev/null || return
		addresses_lo $n | ipn $n -batch - || return
	done
}

# one tunnel at a time: policies of another would slow down a lookup
setup() { # PATH SUITE
	local suite=$2
	case $suite in
	none|null) suite=aes256gcm16 ;;
	esac
	new_key "$TMP/key.a" "$suite"
	new_key "$TMP/key.b" "$suite"
	[ "$1" = none ] || "setup_$1" "$2"
}

teardown() {
	local n pids
	for n in a b; do
		ipn $n xfrm state flush
		ipn $n xfrm policy flush
		ipn $n link del tun0
		ipn $n addr del "$(inner $n)/32" dev lo
		ipn $n route del "$(inner "$(other $n)")/32"
		if [ -d /sys/module/vtun ]; then
			in_ns $n vtunctl policy flush
			in_ns $n vtunctl flush
			in_ns $n vtunctl socket del local "$(outer $n 4)" \
				port 4500
		fi
		pids=$(ip netns pids "$ME-$n")
		# shellcheck disable=SC2086 # words
		[ -z "$pids" ] || kill $pids
	done 2> /dev/null
	pause 0.1	# bundles and SAs go with a grace period
	# its ESP handlers stand in front of those of XFRM
	rmmod vtun 2> /dev/null
	rmmod esp4_offload 2> /dev/null
	return 0
}
