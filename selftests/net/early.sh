#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The short way in of ESP: what stands on the long one still sees each packet
# and decides about it, and what changes on it is noticed.
#
#	10.1.0.1 vt0 [a] va ------------- vb [b] vt0 10.2.0.1
#
# Proves: E-14 (sockets), P5 and P13 leave firewall, raw sockets and counters
# as they are
# shellcheck source=selftests/net/lib.sh
. "$(dirname "$0")/lib.sh"

ping_n() { in_ns a pings -n "$1" 10.2.0.1; }
no_ping() { not in_ns a pings -n 1 -t 300 10.2.0.1; }
nft_b() { in_ns b nft "$@"; }
seen() { # NAME
	nft_b list counter inet t "$1" | awk '/packets/ { print $2 }'
}
reset() { nft_b reset counters table inet t > /dev/null; }
# snmp PROTOCOL COLUMN: of b
snmp() {
	in_ns b cat /proc/net/snmp | awk -v p="$1:" -v c="$2" '$1 == p {
		if (!n) { for (i = 2; i <= NF; i++) if ($i == c) n = i }
		else print $n
	}'
}
grows() { # N COMMAND PROTOCOL COLUMN: by N, or a little more
	local before
	before=$(snmp "$3" "$4")
	eval "$2" > /dev/null
	between "$1" $(($1 + 4)) $(($(snmp "$3" "$4") - before))
}
rule() { # CHAIN RULE...: in front of the others
	nft_b insert rule inet t "$@"
}
unrule() { # CHAIN
	local h
	h=$(nft_b -a list chain inet t "$1" | awk '/drop/ { print $NF; exit }')
	nft_b delete rule inet t "$1" handle "$h"
}

plan 24
begin vtun
vtun_pair
check "SAs" vtun_up 1
nft_b -f - <<-X
table inet t {
	counter pre { }
	counter in { }
	chain pre {
		type filter hook prerouting priority raw;
		meta l4proto { esp, udp } counter name pre
	}
	chain input {
		type filter hook input priority filter;
		meta l4proto { esp, udp } counter name in
	}
}
X
check "packets pass" ping_n 3
reset
check "known ones, too" ping_n 5
check "PREROUTING has seen each" equal 5 "$(seen pre)"
check "so has INPUT" equal 5 "$(seen in)"
check "IP counts each" grows 10 'ping_n 5' Ip InDelivers

# --- the firewall changes its mind
rule input meta l4proto esp drop
check "INPUT drops" no_ping
unrule input
check "and lets pass again" ping_n 3
rule pre meta l4proto esp drop
check "PREROUTING drops" no_ping
unrule pre
check "and lets pass again" ping_n 3

# --- the address goes, and comes back
ipn b addr del $OUT4_B/24 dev vb
check "not its address: not its packet" no_ping
ipn b addr add $OUT4_B/24 dev vb
check "its address once more" wait_until 5 ping_n 1

# --- somebody wants a copy
bg_ns b python3 -c 'import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_RAW, 50)
open(sys.argv[1], "w").write("up\n")
for i in range(5):
	s.recv(2000)
	open(sys.argv[1], "w").write("%d\n" % (i + 1))' "$TMP/raw"
wait_until 5 test -s "$TMP/raw"
check "packets pass beside a raw socket" ping_n 5
check "it got a copy of each" wait_until 3 grep -q 5 "$TMP/raw"

# --- the same in UDP
for n in a b; do
	in_ns $n vtunctl socket add local 0.0.0.0 port 4500
	in_ns $n vtunctl child set c encap udp local-port 4500 remote-port 4500
done
check "packets pass in UDP" ping_n 3
reset
check "known ones, too" ping_n 5
check "INPUT has seen each" equal 5 "$(seen in)"
check "UDP counts each" grows 5 'ping_n 5' Udp InDatagrams
rule input udp dport 4500 drop
check "INPUT drops" no_ping
unrule input
check "and lets pass again" ping_n 3
in_ns b vtunctl socket del local 0.0.0.0 port 4500
check "no socket, no way in" no_ping
in_ns b vtunctl socket add local 0.0.0.0 port 4500
check "a socket, and a way in" ping_n 3
finish
