#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A new pair of SAs takes over: at once, by proof (the first authenticated
# packet on the inbound SA of the pair), on request, at a deadline, and when
# the SA before it expires. A refused installation leaves nothing behind.
#
#	10.1.0.1 vt0 [a] va ------------- vb [b] vt0 10.2.0.1
#
# Proves: E-31 E-47 E-52, RFC 7296 2.8, B64
# shellcheck source=selftests/net/lib.sh
. "$(dirname "$0")/lib.sh"

ping_ok() { in_ns "${1:-a}" pings -n 3 "${2:-10.2.0.1}"; }
out_is() { vtun_is "$1" "children[name=c].out_spi" "$(spi_of "$1" "$2")"; }
switched() { # NS GENERATION CAUSE: one event and the dump
	wait_until 5 events_are 1 "$1" event=switch "cause=$3" \
		"spi=$(spi_of "$1" "$2")" &&
	vtun_is "$1" "$(sa_out "$1" "$2").switched" "$3"
}
n_sas() { vtun_get b "info.sas"; }

plan 31
begin vtun
vtun_pair on-demand
events b
check "generation 1, at once" vtun_up 1
check "announced as such" switched b 1 now
check "it carries traffic" ping_ok

# --- proof
check "generation 2 stands by at b" vtun_install b 2 standby
check "b still sends on 1" out_is b 1
check "the new one is on standby" vtun_is b "$(sa_out b 2).state" standby
check "traffic on the old pair proves nothing" eval 'ping_ok && out_is b 1'
check "generation 2 at a, at once" vtun_install a 2
check "pings pass" ping_ok
check "b switched by proof" switched b 2 rx-proof
check "the old one is superseded" vtun_is b "$(sa_out b 1).state" superseded

# --- a dummy packet is proof enough, without any traffic
vtun_install b 3 standby
vtun_install a 3 prove
check "a dummy packet proves" switched b 3 rx-proof
check "it is counted as dummy" equal 1 "$(vtun_drops b "$(sa_in b 3)" dummy)"

# --- a forged packet is no proof
vtun_install b 4 standby
in_ns a forge -s "$(spi_of a 4)" -u "$SUITE" -k "$(gen_key a 4)" \
	-i 10.1.0.1 -o 10.2.0.1 $OUT4_B flip:1:200 flip:2:80
check "a forged packet proves nothing" eval \
	'[ "$(vtun_drops b "$(sa_in b 4)" integrity)" = 2 ] && out_is b 3'
check "on request" in_ns b vtunctl sa activate child c spi "$(spi_of b 4)"
check "announced as request" switched b 4 request
vtun_install a 4
check "pings pass" ping_ok

# --- deadline
vtun_install a 5 standby
t=${EPOCHREALTIME/./}
vtun_install b 5 "standby deadline 400"
check "at the deadline" switched b 5 deadline
check "not before it" between 390 30000 "$(ms_since "$t")"

# --- the one before expires
vtun_install a 6
vtun_install b 6 "" "" "hard-packets 5"
vtun_install b 7 standby
vtun_install a 7 standby
in_ns b pings -n 10 10.1.0.1 > "$TMP/pings"
check "a standby SA takes over when the old one expires" switched b 7 expired
check "no ping was lost by it" eval 'cat "$TMP/pings";
	grep -q " lost 0 " "$TMP/pings"'

# --- many that are at their end already, each with one number left
worn_out() { # the packet that takes two meets the end of all of them
	local i
	echo "sa install child c out spi 0xd000 suite $SUITE key $(gen_key a 9)" \
		"seq 4294967294" > "$TMP/batch"
	for ((i = 1; i <= 100; i++)); do
		printf 'sa install child c standby out spi 0x%x suite %s key %s seq 4294967294\n' \
			$((0xd000 + i)) "$SUITE" "$(gen_key a 9)"
	done >> "$TMP/batch"
	in_ns a vtunctl batch "$TMP/batch" > /dev/null || return
	in_ns a python3 -c '
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_UDP, 103, 400)	# UDP_SEGMENT
s.sendto(bytes(1200), ("10.2.0.1", 9))'
	wait_until 5 expired_are 101 && vtun_install b 10 && vtun_install a 10 &&
	ping_ok a
}
expired_are() {
	equal "$1" "$(in_ns a vtunctl show sas | grep -c 'sa out 0x0000d.* expired')"
}
check "a hundred SAs end in a row" worn_out

# --- what a key is, without saying it
prints() { # both ends show the same one, and the right one
	local want
	want=$(python3 -c '
import hashlib, sys
key = bytes.fromhex(open(sys.argv[1]).read())
print(hashlib.sha256(b"vtun-key" + key).hexdigest()[:8])' "$(gen_key a 10)")
	vtun_is a "$(sa_out a 10).fingerprint" "$want" &&
	vtun_is b "$(sa_in b 10).fingerprint" "$want" &&
	in_ns a vtunctl show sas | grep -q "key $want"
}
check "the fingerprint of a key" prints

# --- transactions: whole or not at all
before=$(n_sas)
refuse "an inbound SPI that is taken" "spi|exist" vtun_install b 7
refuse "a reserved SPI" "spi|range|invalid" in_ns b vtunctl sa install child c \
	out spi 255 suite "$SUITE" key "$(gen_key b 9)"
head -c 30 "$(gen_key b 8)" > "$TMP/short"
refuse "a key that is too short" "key" in_ns b vtunctl sa install child c \
	in spi 0x1234 suite "$SUITE" key "$(gen_key a 8)" \
	out spi 0x1235 suite "$SUITE" key "$TMP/short"
refuse "a child that does not exist" "child" in_ns b vtunctl sa install \
	child nobody out spi 0x1235 suite "$SUITE" key "$(gen_key b 8)"
check "refusals left nothing behind" equal "$before" "$(n_sas)"
check "the tunnel still works" ping_ok
finish
