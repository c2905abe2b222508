#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Thousands of policies, disjoint and overlapping: added, listed while they
# change, found, flushed. POLICIES=100000 for all of them; FULL=1 does so.
#
# Proves: E-32, P7 (what a packet costs is measured by make bench)
# shellcheck source=selftests/net/lib.sh
. "$(dirname "$0")/lib.sh"

POLICIES=${POLICIES:-$((FULL ? 100000 : 5000 / SLOW))}

policy() { in_ns a vtunctl policy "$@"; }
count() { vtun_get a info.policies; }

add() { # FORMAT-FUNCTION
	local i start
	for ((i = 0; i < POLICIES; i++)); do
		"$1" $i
	done > "$TMP/batch"
	start=${EPOCHREALTIME/./}
	in_ns a vtunctl batch "$TMP/batch" > "$TMP/ids" || {
		tail -3 "$TMP/ids"
		return 1
	}
	note "$POLICIES policies in $(ms_since "$start") ms" >&2
}

disjoint() {
	echo "policy add discard remote 10.$((64 + $1 / 65536)).$(($1 / 256 % 256)).$(($1 % 256))"
}
# nested prefixes, ports under one pair, ranges that start everywhere
overlapping() {
	case $(($1 % 3)) in
	0) echo "policy add discard remote 10.128.0.0/$((9 + $1 % 24)) priority $((9000 - $1 % 2000))" ;;
	1) echo "policy add discard local 192.0.2.0/24[udp] remote 10.0.0.0/8[udp/$((1 + $1 % 60000))]" ;;
	2) echo "policy add discard local 192.0.2.0/24[udp] remote 10.0.0.0/8[udp/$((1 + $1 % 60000))-65000] priority $((2000 + $1 % 5000))" ;;
	esac
}

answered() { in_ns a pings -n 5 $OUT4_B; }

dropped() { # the last one added of the disjoint ones
	local i=$((POLICIES - 1)) to before
	to=10.$((64 + i / 65536)).$((i / 256 % 256)).$((i % 256))
	before=$(vtun_sum_drops a discard)
	ipn a route replace 10.0.0.0/8 via $OUT4_B
	not in_ns a pings -n 1 -t 200 $to &&
	equal $((before + 1)) "$(vtun_sum_drops a discard)"
}

listed() {
	local n
	n=$(policy --json list | tr ',' '\n' | grep -c '"id"')
	equal "$1" "$n"
}

list_while_changing() { # ends, whatever happens meanwhile
	local i
	bg_ns a sh -c 'for i in $(seq 3); do
		vtunctl policy list > /dev/null || exit; done'
	LISTER=$!
	for ((i = 0; i < 100; i++)); do
		echo "policy add discard remote 172.16.0.$((i % 250)) priority $i id $((900000 + i))"
		echo "policy del $((900000 + i))"
	done > "$TMP/churn"
	in_ns a vtunctl batch "$TMP/churn" > "$TMP/out2" || {
		tail -3 "$TMP/out2"
		return 1
	}
	wait $LISTER
	# an interrupted dump says so, and is done again
	[ $? -lt 2 ]
}

flushed() {
	local start=${EPOCHREALTIME/./}
	policy flush || return
	note "flushed in $(ms_since "$start") ms" >&2
	equal 0 "$(count)"
}

plan 14
begin vtun
ns_add a b
link_pair a va b vb
check "disjoint ones" add disjoint
check "they are counted" equal "$POLICIES" "$(count)"
check "the last one decides" dropped
check "what none covers passes" answered
check "all are listed" listed "$POLICIES"
check "list while they change" list_while_changing
check "flush" flushed
check "overlapping ones" add overlapping
check "what none of these covers passes" answered
check "all are listed, in order" listed "$POLICIES"
check "flush again" flushed
check "what they covered passes" answered
finish
