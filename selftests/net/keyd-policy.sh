#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Daemons whose child is behind policies, see policy-lib.sh for the picture: it
# negotiates on demand, rekeys, survives and changes like one behind a device,
# and the router never sees a packet in clear.
#
# Proves: E-34 E-37 S-11
# time limit: 400 s
# shellcheck disable=SC2034 # keyd-lib.sh reads CHILD_A and its like
# shellcheck source=selftests/net/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=selftests/net/keyd-lib.sh
. "$(dirname "$0")/keyd-lib.sh"
# shellcheck source=selftests/net/policy-lib.sh
. "$(dirname "$0")/policy-lib.sh"

DOOR='policy yes'
KEYS='keylife-type both
keylife-seconds 1h
keylife-kbs 4096
keylife-packets 100000
esn no
replay-window 128
esp-proposal aes256gcm16
hold-packets 7
hold-bytes 9K
hold-time 3s'

# those that lead into children of the conn: ID CHILD LOCAL REMOTE
policies() { # NS
	in_ns "$1" vtunctl policy list |
		awk '$6 == "child" && $7 ~ /^vpn:/ { print $2, $7, $8, $10 }'
}
policies_are() { # NS CHILD SELECTORS…: pairs of them, in any order
	local n=$1 child=$2
	shift 2
	equal "$(printf "$child %s\n" "$@" | sort)" \
		"$(policies "$n" | cut -d ' ' -f 2- | sort)"
}
# shellcheck disable=SC2120 # check passes them
as_configured() { # [CHILD-OF-A [NET-OF-B]]
	local child=vpn:${1:-c} b=${2:-10.2.0.0/24}
	policies_are a "$child" "10.1.0.0/24 $b" "fd01::/64 fd02::/64" &&
	policies_are b vpn:c "$b 10.1.0.0/24" "fd02::/64 fd01::/64"
}
edit() { # NS SED-SCRIPT: of its configuration, which is then read again
	sed -i "$2" "$TMP/$1.conf" && ctl "$1" reload
}
both() { # FUNCTION ARGS…: for a and b
	"$1" a "${@:2}" && "$1" b "${@:2}"
}
spi_out() { ctl_get "$1" 'children[name=vpn:c].ike.spi_out'; }

first_ping() {
	in_ns ha pings -n 1 -t 4000 10.2.0.2 && equal 1 "$(log_count a ' acquire ')"
}

# Datagrams from host to host, one each 5 ms, until they are ended. Each takes
# twelve turns of a queue, too many for a CPU that is as slow as it is watched.
traffic() {
	rm -f "$TMP/stop" "$TMP/go"
	bg_ns ha flood -i $((5000 * SLOW)) -u "$TMP/stop" -r "$TMP/go" "$@" \
		10.2.0.2 > "$TMP/flood"
	TRAFFIC=$!
	wait_until 10 test -s "$TMP/go"
}
traffic_end() {
	local rc=0
	: > "$TMP/stop"
	wait "$TRAFFIC" || rc=$?
	cat "$TMP/flood"
	return $rc
}
traffic_whole() { # nothing lost, nothing in clear
	traffic_end && none_clear || { both log_near; both drops_near; return 1; }
}
drops_near() { # NS: where packets died
	in_ns "$1" vtunctl show | grep -E '^ *(sa|child|drops) ' | cut -c1-200 |
		sed "s/^/$1: /"
}
traffic_closed() { # whatever was lost, nothing left in clear
	traffic_end
	none_clear
}

rekey_often() { # N: by either end
	local i
	for ((i = 0; i < $1; i++)); do
		both ctl rekey vpn c 2> /dev/null
		ctl a rekey vpn c || return
		wait_until 10 mirrored || return
		ctl b rekey vpn c || return
		wait_until 10 mirrored || return
	done
	rekeys_at_least a "$1"
}

die_and_return() { # NS
	local spi ids
	spi=$(spi_out "$1") ids=$(policies "$1")
	keyd_end KILL "$1"
	equal "$ids" "$(policies "$1")" || return
	keyd_start "$1"
	wait_until 10 log_has "$1" "adopted .*spi_out=$spi" &&
	equal "$ids" "$(policies "$1")"
}

# a daemon that cannot start closes the door all the same; the socket takes
# IPv4, too
port_taken() {
	bg_ns a python3 -c 'import socket, time
s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
s.bind(("::", 500))
open("'"$TMP/taken"'", "w").write("x")
time.sleep(1000)'
	local holder=$! rc=0
	wait_until 10 test -s "$TMP/taken"
	in_ns a timeout $((20 * SLOW)) vtkeyd -c "$TMP/a.conf" \
		--run-dir "$TMP/run.a" || rc=$?
	kill $holder
	wait $holder 2> /dev/null
	equal 1 $rc && as_configured
}

# what child c (policies) and child d (device) have in common: all of it
same_limits() { # NS
	local dir what one other
	for dir in in out; do
		for what in hard.time_ms hard.bytes hard.packets esn suite; do
			one=$(vtun_get "$1" "sas[child=vpn:c,dir=$dir].$what") &&
			other=$(vtun_get "$1" "sas[child=vpn:d,dir=$dir].$what") &&
			equal "$one" "$other" || return
			echo "$1 $dir $what $one"
		done
	done
	for what in hold on_demand; do
		one=$(vtun_get "$1" "children[name=vpn:c].$what") &&
		other=$(vtun_get "$1" "children[name=vpn:d].$what") &&
		equal "$one" "$other" || return
	done
	vtun_is "$1" 'sas[child=vpn:c,dir=in].replay_window' 128 &&
	vtun_is "$1" 'sas[child=vpn:d,dir=in].replay_window' 128 &&
	vtun_is "$1" 'sas[child=vpn:c,dir=out].hard.time_ms' 3600000 &&
	vtun_is "$1" 'sas[child=vpn:c,dir=out].hard.bytes' 4194304 &&
	vtun_is "$1" 'sas[child=vpn:c,dir=out].hard.packets' 100000 &&
	vtun_is "$1" 'children[name=vpn:c].hold.packets' 7
}
soft_limits() { # NS: below the hard ones, by the same share
	local child soft
	for child in vpn:c vpn:d; do
		soft=$(vtun_get "$1" "sas[child=$child,dir=out].soft.time_ms") &&
		between 2800000 3400000 "$soft" || return
	done
}

two_doors() { # the same keys for both
	local n i j
	for n in a b; do
		i=5 j=6
		[ $n = a ] || i=6 j=5
		printf -v "CHILD_${n^^}" '%s\n}\nchild d {\n%s\n%s' "$KEYS" \
			"dev vt0
			local-ts 10.$i.0.0/24
			remote-ts 10.$j.0.0/24" "$KEYS"
		keyd_conf $n
		ctl $n reload || return
	done
	ctl a up vpn > /dev/null
	wait_until 20 both child_is up && wait_until 10 both vtun_is 'sas[#]' 4
}

plan 33
begin vtun
policy_net
both keyd_conf
in_ns a vtunctl policy add discard remote 10.99.0.0/24 > /dev/null
check "two daemons" both keyd_start
check "their policies are there, SAs are not" eval \
	'as_configured && both vtun_is "sas[#]" 0'
check "the door is told" eval 'both ctl_is "children[name=vpn:c].door" policy &&
	both ctl_is "children[name=vpn:c].ike.door" policy'
check "on demand: the first packet is answered, one acquire" first_ping
check "at rest" wait_until 10 mirrored
check "hosts and gateways talk" eval 'hosts_talk && gateways_talk'
check "none of it in clear" eval 'none_clear && some esp'
serve hb flood -l
traffic
check "rekeys under traffic" rekey_often 2
check "nothing was lost" traffic_whole
traffic
check "a: the daemon dies, the next one adopts SAs and policies" \
	die_and_return a
# what it negotiates then changes the SPIs of b, too
wait_until 20 mirrored
check "b: likewise" die_and_return b
keyd_end KILL a
keyd_end KILL b
check "nothing was lost, daemons dead" traffic_whole
in_ns a vtunctl flush
check "SAs gone as well: nothing passes" eval \
	'silent ha 10.2.0.2 && silent ha fd02::2 && none_clear'
both keyd_start
check "new daemons: new child, policies not doubled" wait_until 5 as_configured
check "the tunnel is back" wait_until 20 hosts_talk
traffic -q
check "reload with other selectors under traffic" eval \
	'edit a "s|10.2.0.0/24|10.2.0.0/25|" && edit b "s|10.2.0.0/24|10.2.0.0/25|"'
check "the policies are the new ones" as_configured c 10.2.0.0/25
check "nothing left in clear meanwhile" traffic_closed
check "the tunnel is back" wait_until 20 hosts_talk
traffic -q
check "reload with another name under traffic" edit a 's|^child c|child e|'
check "its policies are those of the new child" as_configured e 10.2.0.0/25
check "nothing left in clear meanwhile" traffic_closed
edit a 's|^child e|child c|' > /dev/null
check "the tunnel is back" wait_until 20 hosts_talk
check "policies that somebody deleted come back" eval \
	'in_ns b vtunctl policy flush && wait_until 20 as_configured c 10.2.0.0/25'
check "a child of each door, with the same keys" two_doors
check "has the same limits in the kernel" both same_limits
sed 's/^/# /' "$TMP/out"
check "and the like soft ones" both soft_limits
keyd_end TERM a
check "SIGTERM leaves policies and child" eval \
	'as_configured && vtun_is a "sas[#]" 4'
in_ns a vtunctl policy del "$(policies a | awk 'NR == 1 { print $1 }')"
check "port 500 is taken: no daemon, but all policies" port_taken
keyd_start a --down-on-exit
keyd_end TERM a
check "--down-on-exit: neither policies nor children" eval \
	'equal "" "$(policies a)" && vtun_is a "children[#]" 0'
check "the policy by hand is left alone" eval \
	'in_ns a vtunctl policy list | grep "discard.*10.99.0.0/24"'
finish
