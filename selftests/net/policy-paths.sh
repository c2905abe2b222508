#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The policy door and the path below it, see policy-lib.sh for the picture:
# fragments of IPv6 that do not say what they are; checksums that are none; path
# MTU where a mark chooses the route, and where the last policy discards all.
#
# Proves: E-24 E-34 E-40
# shellcheck source=selftests/net/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=selftests/net/policy-lib.sh
. "$(dirname "$0")/policy-lib.sh"

# fragment NS FROM TO NEXT-HEADER OFFSET: one fragment, others never come
fragment() {
	in_ns "$1" python3 - "${@:2}" <<-X
	import socket, struct, sys
	src, dst, nxt, offset = sys.argv[1:]
	frag = struct.pack(">BBHI", int(nxt), 0, int(offset) << 3 | 1, 4711)
	# TCP comes behind 48 octets of options, which are not all here
	data = frag + bytes([6, 5] + [1, 4, 0, 0, 0, 0] * 3 + [0] * 4)
	head = struct.pack(">IHBB", 6 << 28, len(data), 44, 64)
	pton = lambda a: socket.inet_pton(socket.AF_INET6, a)
	s = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_RAW)
	s.sendto(head + pton(src) + pton(dst) + data, (dst, 0))
	X
}

refused_are() { equal "$1" "$(vtun_sum_drops a fragment)"; }
passed_are() { equal "$1" "$(seen clear)"; }

# Options in front of TCP: a later fragment says "options", and the first one
# alone knows. Only TCP is to be protected.
hidden_fragments() {
	local other=fd05::9
	ipn r route add fd05::/64 via $OUT6_B &&
	ipn b route add blackhole fd05::/64 && reset_seen &&
	policy a add protect child c local 'fd01::/64[tcp]' \
		remote 'fd05::/64[tcp]' id 70 > /dev/null &&
	fragment ha fd01::2 $other 60 8 && wait_until 2 refused_are 1 &&
	fragment ha fd01::2 $other 17 8 && wait_until 2 refused_are 2 &&
	fragment r $other fd01::2 60 8 && wait_until 2 refused_are 3 &&
	passed_are 0
}
first_fragment() { # options and no more of it: port 443 is to be protected
	policy a del 70 && policy a add protect child c local 'fd01::/64[tcp]' \
		remote 'fd05::/64[tcp/443]' id 71 > /dev/null &&
	fragment ha fd01::2 fd05::9 60 0 && wait_until 2 refused_are 4 &&
	passed_are 0
}
plain_fragment() { # nothing that is protected can be in it
	policy a del 71 && fragment ha fd01::2 fd05::9 60 8 &&
	wait_until 2 passed_are 1
}

sctp() { # NS SERVER-NS ADDRESS: an echo; the sum of SCTP is CRC32C
	serve "$2" python3 -c '
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_SCTP)
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind((sys.argv[1], 7))
s.listen(5)
open(sys.argv[3], "w").write("ready\n")
while True:
    c = s.accept()[0]
    c.sendall(c.recv(4000))
    c.close()' "$3"
	in_ns "$1" timeout $((10 * SLOW)) python3 -c '
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_SCTP)
s.connect((sys.argv[1], 7))
s.sendall(bytes(900))
assert len(s.recv(4000)) == 900' "$3"
}
sctp_both() { reset_seen; sctp ha hb 10.2.0.2 && sctp a b 10.2.0.1 && none_clear; }

# a mark has a route of its own, and there lies the narrow link
marked_path() {
	ipn a rule add fwmark 7 table 100 &&
	ipn a route add default via 192.0.2.254 table 100 &&
	in_ns a vtunctl child set c mark 7 &&
	ipn r link set rb mtu 1340 && ipn b link set vb mtu 1340 &&
	in_ns ha tcpcheck -n 300K 10.2.0.2 && none_clear &&
	between 1200 1300 "$(vtun_get a 'children[name=c].mtu')"
}
# everything that no other policy knows is discarded, errors about ESP are not
nothing_else() {
	in_ns a vtunctl child set c mark 0 && ipn a rule del fwmark 7 &&
	policy a add discard remote 0.0.0.0/0 > /dev/null &&
	policy a add discard remote ::/0 > /dev/null &&
	policy a add bypass remote 10.1.0.0/24 > /dev/null &&
	silent a 198.51.100.254 &&
	ipn r link set rb mtu 1330 && ipn b link set vb mtu 1330 &&
	in_ns ha tcpcheck -n 300K 10.2.0.2
}
made_up() { # about a packet that was never sent, quoting ESP of no SA
	local before
	before=$(vtun_sum_drops a discard)
	in_ns r python3 - <<-X
	import socket, struct
	def sum16(b):
	    s = sum(struct.unpack(">%dH" % (len(b) // 2), b))
	    s = (s >> 16) + (s & 0xffff)
	    return ~(s + (s >> 16)) & 0xffff
	aton = socket.inet_aton
	esp = struct.pack(">IIII", 0x4711, 1, 0, 0)
	quoted = struct.pack(">BBHHHBBH", 0x45, 0, 1400, 1, 0x4000, 60, 50, 0)
	quoted += aton("192.0.2.1") + aton("198.51.100.2") + esp
	head = struct.pack(">BBHHH", 3, 4, 0, 0, 576)
	icmp = head[:2] + struct.pack(">H", sum16(head + quoted)) + head[4:]
	s = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
	s.sendto(icmp + quoted, ("192.0.2.1", 0))
	X
	wait_until 2 discards_over "$before"
}
discards_over() { [ "$(vtun_sum_drops a discard)" -gt "$1" ]; }

plan 12
begin vtun
policy_net
check "policies and SAs" eval \
	"policy_gateway a b && policy_gateway b a && vtun_up"
check "hosts talk" hosts_talk
serve hb tcpcheck -l
check "later fragments of IPv6 whose protocol is hidden" hidden_fragments
check "a first fragment that hides its ports" first_fragment
check "fragments of what is not protected pass" plain_fragment
if modprobe -q sctp; then
	check "SCTP, whose checksum the device would have made" sctp_both
else
	skip "SCTP" "this kernel has none"
fi
reset_seen
check "a smaller link on the way that a mark chooses" marked_path
check "the same when everything else is discarded" nothing_else
check "but no error about what was not sent" made_up
check "hosts talk as before" eval 'in_ns ha pings -n 3 10.2.0.2 && none_clear'
in_ns a vtunctl policy flush
finish
