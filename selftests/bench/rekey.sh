# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# What a packet costs while its SAs are replaced all the time: after every 64
# packets a rekey, make before break, of both directions. The packets were sent
# on the SA that the rekey replaces and arrive behind it, so every rekey has a
# full burst in flight: none may be lost, none may arrive twice. Beside it the
# same without rekeys. Sourced by guest.sh behind systems.sh.
#
# All rounds count here, not the best one.

SUITE_REKEY=aes256gcm16

setup_rekey() {
	local n g
	load_module || return
	for n in a b; do
		ipn $n link add tun0 type vtun || return
		in_ns $n vtunctl child add c dev tun0 \
			local "$(outer $n 4)" remote "$(outer "$(other $n)" 4)" ||
			return
		addresses $n | ipn $n -batch - || return
	done
	for g in a b; do
		new_key "$TMP/key.$g.1" $SUITE_REKEY
	done
	# shellcheck disable=SC2034 # of lib.sh
	SUITE=$SUITE_REKEY
	vtun_install a 1 && vtun_install b 1
}

# burst DIRECTION COMMAND: adds to the sums of that direction
burst() {
	local packets insns lost twice
	echo "$2" > $CONTROL || { say "$2: refused"; return 1; }
	read -r packets insns lost twice < $CONTROL
	SUM[$1]=$((${SUM[$1]:-0} + insns))
	SUM[$1-packets]=$((${SUM[$1-packets]:-0} + packets))
	SUM[lost]=$((${SUM[lost]:-0} + lost))
	SUM[twice]=$((${SUM[twice]:-0} + twice))
}

# bursts N REKEY
bursts() {
	local i us
	declare -gA SUM=()
	for ((i = 0; i < $1; i++)); do
		burst encap "encap kind=udp size=1400 count=64 src=10.10.0.1 dst=10.10.0.2 store=1" || return
		if [ "$2" = 1 ]; then
			echo >&"$ASK" && read -r -t 60 -u "$TOLD" us || {
				say "rekey $i did not come to an end"
				return 1
			}
			SUM[us]=$((${SUM[us]:-0} + us))
		fi
		burst decap "decap dst=10.10.0.2" || return
	done
}

record_bursts() { # quiet|rekeyed
	local d
	for d in encap decap; do
		sample vtun $SUITE_REKEY "$d-1400-$1" insn/packet 1 \
			"$(per_mille $((SUM[$d] * 1000 / SUM[$d-packets])))"
		say "vtun $SUITE_REKEY $d-1400-$1:" \
			$((SUM[$d] / SUM[$d-packets])) \
			"instructions per packet, ${SUM[$d-packets]} packets"
	done
}

measure_rekeys() {
	local rc=0
	bursts 10 0 && bursts 500 0 || return
	record_bursts quiet
	trap : PIPE	# of a rekeyer that failed
	mkfifo "$TMP/ask" "$TMP/told"
	rekeyer -i -n "$REKEYS" -t 0 -u $SUITE_REKEY $ME-a $ME-b c \
		< "$TMP/ask" > "$TMP/told" &
	PIDS+=($!)
	exec {ASK}> "$TMP/ask" {TOLD}< "$TMP/told"
	bursts "$REKEYS" 1 || rc=1
	exec {ASK}>&- {TOLD}<&-
	[ $rc = 0 ] || return 1
	record_bursts rekeyed
	sample vtun $SUITE_REKEY rekeys count 1 "$REKEYS"
	sample vtun $SUITE_REKEY rekeys-lost packets 1 "${SUM[lost]}"
	sample vtun $SUITE_REKEY rekeys-twice packets 1 "${SUM[twice]}"
	# a microsecond of this guest is a thousand instructions
	sample vtun $SUITE_REKEY rekeys-cost insn 1 \
		$((SUM[us] * 1000 / REKEYS))
	say "$REKEYS rekeys: ${SUM[lost]} packets lost, ${SUM[twice]} twice," \
		"$((SUM[us] * 1000 / REKEYS)) instructions each, both ends"
}

rekey_cells() {
	local rc=0
	[ "$REKEYS" != 0 ] && wanted vtun $SUITE_REKEY rekeys || return 0
	use_link capture
	setup_rekey && wait_until 5 alive vtun && measure_rekeys || rc=1
	teardown
	return $rc
}
