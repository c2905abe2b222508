#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Two daemons: on demand, rekeys of children and IKE SAs under traffic, death
# of a daemon, auto-negotiate, keepalive, idle expiry, reload, refusals.
#
# Proves: S-01 to S-07, S-13, S-23, O-05, O-22, D-08, D-15
# time limit: 600 s
# shellcheck disable=SC2034 # keyd-lib.sh reads CHILD_A and its like
# shellcheck source=selftests/net/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=selftests/net/keyd-lib.sh
. "$(dirname "$0")/keyd-lib.sh"

# traffic FILE: 200 datagrams a second from a to b until $TMP/stop exists
traffic() {
	rm -f "$TMP/stop"
	nsrun "$ME-a" flood -i 5000 -d $((60 * SLOW)) -u "$TMP/stop" 10.2.0.1 \
		> "$1" 2>&1 &
	TRAFFIC=$!
	pause 0.3
}
traffic_whole() { # FILE: ends it; nothing lost, nothing twice
	local rc=0
	: > "$TMP/stop"
	wait "$TRAFFIC" || rc=$?
	cat "$1"
	[ "$rc" = 0 ] || { log_near a; log_near b; }
	return "$rc"
}

first_ping() { ping_a 3 && [ "$(log_count a ' acquire ')" = 1 ]; }

rekey_often() { # NS N [WORDS]: waits for each
	local n=$1 i
	for ((i = 0; i < $2; i++)); do
		ctl "$n" rekey vpn ${3:+"$3"} || return
		pause 0.3
		wait_until 10 mirrored || return
	done
}

on_demand() {
	check "on demand: the first packet is answered, one acquire" first_ping
	check "both ends are at rest" wait_until 5 mirrored
	check "two of us leave out the IV" vtun_is a 'sas[dir=out].suite' \
		chacha20poly1305-iiv
	serve b flood -l
	traffic "$TMP/f1"
	check "child rekeys by a under traffic" rekey_often a 2 c
	check "child rekeys by b under traffic" rekey_often b 2 c
	check "IKE rekeys by a under traffic" rekey_often a 1
	check "IKE rekeys by b under traffic" rekey_often b 1
	check "nothing was lost" traffic_whole "$TMP/f1"
}

# kill NS while traffic flows; its successor takes over
die_and_return() {
	local n=$1 before
	before=$(ctl_get "$n" 'children[name=vpn:c].ike.spi_out')
	keyd_end KILL "$n"
	pause 1
	keyd_start "$n" || return
	# the socket of the dead daemon may pass for that of the new one
	wait_until 10 log_has "$n" "adopted .*spi_out=$before" ||
		{ log_near "$n"; return 1; }
}

deaths() {
	local n
	for n in a b; do
		traffic "$TMP/f2"
		check "$n: the daemon dies and comes back" die_and_return $n
		pause 1
		check "$n: nothing was lost" traffic_whole "$TMP/f2"
		ctl $n up vpn > /dev/null 2>&1 || :
		check "$n: the tunnel is negotiated anew, one pair is left" \
			wait_until 15 mirrored
		check "$n: traffic still passes" ping_a 3
	done
	traffic "$TMP/f2"
	keyd_end KILL a
	keyd_end KILL b
	pause 1
	check "both daemons dead: nothing was lost" traffic_whole "$TMP/f2"
	check "both come back" eval 'keyd_start a && keyd_start b'
	ctl a up vpn > /dev/null 2>&1 || :
	check "both: one pair is left" wait_until 20 mirrored
	check "both: no IKE SA of a lost race stays" \
		wait_until 40 only_established
	keyd_end TERM a
	check "SIGTERM leaves the SAs" vtun_is a 'sas[#]' 2
	traffic "$TMP/f2"
	pause 0.5
	check "traffic passes without a daemon" traffic_whole "$TMP/f2"
}

volume() {
	CHILD_A=$'keylife-type kilobytes\nkeylife-kbs 256'
	keyd_again
	ping_a 1 > /dev/null
	serve b flood -l -p 7001
	traffic "$TMP/f3"
	check "6 MB with a limit of 256 KB, nothing lost" \
		in_ns a flood -p 7001 -s 1200 -w 16 -n 5000 10.2.0.1
	check "200 datagrams a second beside it, nothing lost" \
		traffic_whole "$TMP/f3"
	check "at least 20 rekeys" rekeys_at_least a 20
	check "cause is told" log_has a 'level=soft cause=bytes'
	check "no hard limit was reached" not log_has a 'level=hard'
	check "at rest again" wait_until 10 mirrored
	CHILD_A=''
}

automatic() {
	CHILD_A=$'auto-negotiate yes\nstart manual'
	CHILD_B='start manual'
	CONN_A=$'retry 1s\ndpd-interval 2s'
	TOP_A=$'retransmit-timeout 100ms\nretransmit-tries 3'
	keyd_again
	check "auto-negotiate: up without traffic" wait_until 10 child_is a up
	keyd_end KILL b
	in_ns b vtunctl flush
	check "auto-negotiate: DPD finds the dead peer" \
		wait_until 15 log_has a 'ike-down'
	keyd_start b
	check "auto-negotiate: up again" wait_until 10 mirrored
	CHILD_A='' CHILD_B='' CONN_A='' TOP_A=''
}

idle() {
	CHILD_A=$'keylife-seconds 6\nkeepalive yes'
	CHILD_B='keylife-seconds 1h'
	keyd_again
	ping_a 1 > /dev/null
	check "keepalive: renewed although idle" \
		wait_until 20 rekeys_at_least a 2
	check "keepalive: up" child_is a up
	CHILD_A='keylife-seconds 6'
	keyd_again
	ping_a 1 > /dev/null
	check "no keepalive: idle child goes down at its end" \
		wait_until 15 child_is a down
	# once at most: the ping was traffic of the first lifetime (S-03)
	check "not renewed without traffic" between 0 1 "$(rekeys a)"
	check "traffic brings it up again" ping_a 2
	CHILD_A='' CHILD_B=''
}

reload() {
	keyd_again
	ping_a 1 > /dev/null
	wait_until 5 mirrored
	local spi
	spi=$(ctl_get a 'children[name=vpn:c].ike.spi_out')
	cp "$TMP/a.conf" "$TMP/a.good"
	sed 's/^conn vpn/\nconn vpn/' "$TMP/a.good" > "$TMP/a.conf"
	ctl a reload
	check "reload without change touches nothing" \
		ctl_is a 'children[name=vpn:c].ike.spi_out' "$spi"
	echo nonsense >> "$TMP/a.conf"
	kill -HUP "${KEYD_PID[a]}"
	check "reload with an error is refused" \
		wait_until 5 log_has a 'unknown key .*nonsense'
	check "and touches nothing" \
		ctl_is a 'children[name=vpn:c].ike.spi_out' "$spi"
	sed 's/^child c {/&\nkeylife-seconds 1h/' "$TMP/a.good" > "$TMP/a.conf"
	check "reload with a change" ctl a reload
	check "starts the conn anew" ping_a 2
	check "with the new value" \
		ctl_is a 'children[name=vpn:c].ike.life_ms' 3600000
	check "one pair" wait_until 10 mirrored
	sed '/^conn/,$d' "$TMP/a.good" > "$TMP/a.conf"
	check "reload without the conn" ctl a reload
	check "deletes the kernel child" wait_until 5 vtun_is a 'children[#]' 0
	check "and tells the peer" wait_until 8 vtun_is b 'sas[#]' 0
}

refusals() {
	KEYD_PSK='another passphrase, of more than 20'
	keyd_conf a
	KEYD_PSK='correct horse battery staple'
	keyd_end TERM a
	keyd_start a
	ping_a 1 1 > /dev/null
	check "wrong key: the initiator says so" \
		wait_until 10 log_has a 'failed .*(AUTHENTICATION_FAILED|authentication)'
	check "wrong key: so does the responder" \
		wait_until 10 log_has b 'failed .*authent'
	CHILD_B='esp-proposal aes256gcm16' CHILD_A='esp-proposal chacha20poly1305'
	keyd_again
	ping_a 1 1 > /dev/null
	check "no common proposal: the responder says both sides" \
		wait_until 10 log_has b 'failed .*aes256gcm16'
	CHILD_A='' CHILD_B=''
	keyd_again
	refuse "no such connection" 'no connection "pariss"' ctl a up pariss
	refuse "a second daemon" 'another vtkeyd' \
		in_ns a vtkeyd -c "$TMP/a.conf" --run-dir "$TMP/run.a"
	in_ns a vtunctl flush
	check "a flush by somebody else is repaired" \
		wait_until 20 vtun_is a 'children[#]' 1
	check "and traffic passes" ping_a 2
}

down_on_exit() {
	keyd_again
	ping_a 1 > /dev/null
	keyd_end TERM a
	keyd_start a --down-on-exit
	ctl a up vpn
	wait_until 10 mirrored
	keyd_end TERM a
	check "--down-on-exit: no child, no SA" vtun_is a 'children[#]' 0
	check "--down-on-exit: the peer was told" \
		wait_until 5 vtun_is b 'sas[#]' 0
}

plan 58
begin vtun
check "two gateways" keyd_pair
on_demand
deaths
volume
automatic
idle
reload
refusals
down_on_exit
cp "$TMP"/log.? "${SCRATCH:-/tmp}" 2> /dev/null
finish
