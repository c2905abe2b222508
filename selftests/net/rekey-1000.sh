#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# 1,000 rekeys in a row under a flood, one after the other as fast as the guest
# allows. No datagram may be lost or arrive twice, no SA may be left.
#
#	10.1.0.1 vt0 [a] va ------------- vb [b] vt0 10.2.0.1
#	       flood ==>                     <== acknowledgements
#
# Proves: E-47, S-03: 0 lost, 0 leaked
# time limit: 240 s
# shellcheck source=selftests/net/lib.sh
. "$(dirname "$0")/lib.sh"

COUNT=${COUNT:-$((1000 / SLOW))}
KEEP=4

# [FLOOD-WORDS…]: rekeys while numbered datagrams pass both ways
rekey_under_flood() {
	local rc=0 first=$GEN fa fb sent
	rm -f "$TMP"/stop "$TMP"/ready.[ab]
	in_ns a flood -u "$TMP/stop" -r "$TMP/ready.a" "$@" 10.2.0.1 \
		> "$TMP/flood.a" 2>&1 &
	fa=$!
	in_ns b flood -u "$TMP/stop" -r "$TMP/ready.b" -i 5000 10.1.0.1 \
		> "$TMP/flood.b" 2>&1 &
	fb=$!
	wait_until 20 test -s "$TMP/ready.a" -a -s "$TMP/ready.b" || rc=1
	rekeyer -n "$COUNT" -k $KEEP -g "$first" -u "$SUITE" \
		"$ME-a" "$ME-b" c || rc=1
	GEN=$((GEN + COUNT))
	: > "$TMP/stop"
	wait $fa || rc=1
	wait $fb || rc=1
	cat "$TMP/flood.a" "$TMP/flood.b"
	# no proof without traffic
	sent=$(awk '{ print $2 }' "$TMP/flood.a")
	[ "${sent:-0}" -gt "$COUNT" ] || { echo "too little traffic"; rc=1; }
	return $rc
}

told() { sed 's/^/# /' "$TMP/out"; }

switches_are() { # N
	vtun_is a "children[name=c].switches" "$1" &&
	vtun_is b "children[name=c].switches" "$1"
}

sas_are() { vtun_is a info.sas "$1" && vtun_is b info.sas "$1"; }

clean_counters() { # nothing was dropped but the dummies that prove
	local n why
	for n in a b; do
		in_ns $n vtunctl --json show > "$TMP/json"
		for why in replay-old replay-dup integrity unknown-spi \
			no-sa hard-expired ts-mismatch hold-full; do
			! grep "\"$why\"" "$TMP/json" || return
		done
	done
}

plan 8
begin vtun
vtun_pair
check "generation 1" vtun_up 1
serve a flood -l
serve b flood -l
GEN=2
check "$COUNT rekeys under a full window: 0 lost, 0 twice" \
	rekey_under_flood -w 64 -s 400
told
check "both ends switched $COUNT times" switches_are $((COUNT + 1))
check "$KEEP pairs are left, as asked" sas_are $((2 * KEEP))
COUNT=$((COUNT / 5))
check "$COUNT more under datagrams of 1300 octets" \
	rekey_under_flood -w 32 -s 1300
told
check "nothing was dropped but dummies" clean_counters
finish
