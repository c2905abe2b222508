#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Bad requests to the vtun family: every attribute of every command too short,
# too long, out of range, missing, doubled, in the wrong place, in a broken
# nest; commands that do not exist; no rights; then random mutations. Each
# refusal has a text and changes nothing, and the kernel stays quiet.
#
# One resident program does it all: selftests/net/nlfuzz.c.
#
# SEED=N gives the mutations of an earlier run again, MUTATIONS=N how many. A
# debug kernel, which notices more, gets them for ten minutes (FUZZ_TIME=SECONDS).
# Proves: E-52, R12 (no rights, no answer), B54 B55 B57 B58
# shellcheck source=selftests/net/lib.sh
. "$(dirname "$0")/lib.sh"

MUTATIONS=${MUTATIONS:-$([ "$FULL" = 1 ] && echo 200000 || echo 20000)}
GROUPS_N=11

plan $((2 + GROUPS_N + 3))
begin vtun
ns_add a
ipn a link add vt0 type vtun
ipn a link set vt0 up

case $(uname -r) in
*-debug*) args=(-n 1 -t "${FUZZ_TIME:-600}") ;;
*) args=(-n "$MUTATIONS" -t "${FUZZ_TIME:-0}") ;;
esac
[ -z "${SEED:-}" ] || args+=(-s "$SEED")
n=0
mkfifo "$TMP/fifo"
{
	in_ns a nlfuzz "${args[@]}" vt0 2>&1
	echo "# exit status $?"
} > "$TMP/fifo" &
PIDS+=($!)
while read -r result what; do
	case $result in
	ok) pass "netlink input: $what"; n=$((n + 1)) ;;
	not) fail "netlink input: ${what#ok }"; n=$((n + 1)) ;;
	'#') note "$what" ;;
	*) note "$result $what" ;;
	esac
done < "$TMP/fifo"
if [ $n = $GROUPS_N ]; then
	pass "the program came to its end"
else
	fail "the program ran $n of $GROUPS_N groups"
	KTAP_N=$((KTAP_N + GROUPS_N - n))
fi

# Events while the listener sleeps: few are all there, in order; too many for
# its buffer are announced as lost, and what comes behind them is right again.
EVENTS=$([ "$FULL" = 1 ] && echo 20000 || echo 300)
sleeping_listener() {
	local pid seq last
	nsrun "$ME-a" vtunctl monitor --json \
		> "$TMP/events" 2> "$TMP/listener" &
	pid=$!
	PIDS+=("$pid")
	wait_until 10 grep -q "module only" "$TMP/listener" || return
	kill -STOP "$pid"
	in_ns a nlfuzz -e "$EVENTS" vt0 || return
	kill -CONT "$pid"
	seq=$(in_ns a vtunctl show info --json | jget info.event_seq)
	# the last event, or the word that it is lost
	wait_until 10 grep -q -e "\"seq\":$seq," -e '"resync"' \
		"$TMP/events" || return
	in_ns a nlfuzz -e 1 vt0 || return
	wait_until 10 grep -q "\"seq\":$((seq + 1))," "$TMP/events" || return
	last=$(grep -c '"event":"resync"' "$TMP/events")
	echo "$(wc -l < "$TMP/events") lines, $last of them resync"
	if [ "$FULL" = 1 ]; then [ "$last" -gt 0 ]; else [ "$last" = 0 ]; fi
}
check "a listener that sleeps knows what it missed" sleeping_listener

empty_again() {
	in_ns a vtunctl flush &&
	in_ns a vtunctl show --json | jget 'info.children' | grep -qx 0
}
check "the family still works" empty_again
finish
