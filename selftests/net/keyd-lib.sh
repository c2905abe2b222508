# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Two gateways with a daemon each; source lib.sh first.
#
#	10.1.0.1 fd01::1 vt0 [a] va ---------- vb [b] vt0 10.2.0.1 fd02::1
#
# Conn "vpn", child "c", in the kernel "vpn:c". CONN_A, CONN_B, CHILD_A and
# CHILD_B hold further statements of the configuration, one per line; DOOR is
# what leads to the child.

# shellcheck disable=SC2034 # read through their names
CONN_A='' CONN_B='' CHILD_A='' CHILD_B='' TOP_A='' TOP_B=''
DOOR='dev vt0'
KEYD_PSK='correct horse battery staple'
declare -A KEYD_PID=()

keyd_conf() { # NS: writes $TMP/NS.conf
	local n=$1 o=b i=1 j=2
	[ "$n" = a ] || o=a i=2 j=1
	local top=TOP_${n^^} conn=CONN_${n^^} child=CHILD_${n^^}
	(umask 077; cat > "$TMP/$n.conf") <<-X
	${!top}
	conn vpn {
	local-addr $(outer "$n" "$OUTER")
	remote-addr $(outer $o "$OUTER")
	psk "$KEYD_PSK"
	${!conn}
	child c {
	$DOOR
	local-ts 10.$i.0.0/24, fd0$i::/64
	remote-ts 10.$j.0.0/24, fd0$j::/64
	${!child}
	}
	}
	X
}

keyd_ready() { [ -S "$TMP/run.$1/vtkeyd.sock" ] && ctl "$1" version; }

# keyd_start NS [OPTION…]: with the configuration as it is
keyd_start() {
	local n=$1
	shift
	nsrun "$ME-$n" vtkeyd -c "$TMP/$n.conf" \
		--run-dir "$TMP/run.$n" "$@" 2>> "$TMP/log.$n" &
	KEYD_PID[$n]=$!
	wait_until 10 keyd_ready "$n"
}

keyd_end() { # SIGNAL NS
	kill "-$1" "${KEYD_PID[$2]}"
	wait "${KEYD_PID[$2]}" 2> /dev/null
	unset "KEYD_PID[$2]"
}

# ctl NS WORDS…: vtunctl with the daemon of NS
ctl() {
	local n=$1
	shift
	in_ns "$n" vtunctl --socket "$TMP/run.$n/vtkeyd.sock" "$@"
}

ctl_get() { ctl "$1" --json show | jget "$2"; }
ctl_is() { # NS PATH VALUE
	local got
	got=$(ctl_get "$1" "$2")
	[ "$got" = "$3" ] || { echo "$2: wanted '$3', got '$got'"; return 1; }
}

child_is() { ctl_is "$1" 'children[name=vpn:c].ike.state' "$2"; } # NS STATE
ike_sas() { ctl_is "$1" 'ike[#]' "$2"; } # NS N
rekeys() { ctl_get "$1" 'children[name=vpn:c].ike.rekeys'; }
rekeys_at_least() { # NS N
	local got
	got=$(rekeys "$1")
	[ "${got:-0}" -ge "$2" ] || { echo "$2 rekeys wanted, got $got"; return 1; }
}
# Both ends at rest with one pair each, which mirror each other, and one IKE SA.
# The half-open one of a lost race is left out: it ends by its own time limit,
# see only_established.
mirrored() {
	local a b
	a=$(seen_at a spi_in spi_out) && b=$(seen_at b spi_out spi_in) || return
	# shellcheck disable=SC2086 # one word a line
	at_rest $a && at_rest $b &&
		equal "$(head -n 3 <<< "$a")" "$(head -n 3 <<< "$b")" && return
	echo "pairs, SPIs, SAs, IKE SAs: up, half-open, all"
	echo "a: ${a//$'\n'/ } b: ${b//$'\n'/ }"
	return 1
}
seen_at() { # NS SPI-OF-A SPI-OF-B: seven lines
	ctl "$1" --json show | jget 'children[name=vpn:c].ike.pairs' \
		"children[name=vpn:c].ike.$2" "children[name=vpn:c].ike.$3" \
		'sas[#]' 'ike[#state=up]' 'ike[#state=half-open]' 'ike[#]'
}
at_rest() { # PAIRS SPI SPI SAS UP HALF-OPEN ALL
	[ $# = 7 ] && [ "$1 $4 $5" = "1 2 1" ] && [ "$7" = $((1 + $6)) ]
}
only_established() { ike_sas a 1 && ike_sas b 1; }

log_has() { grep -qE -- "$2" "$TMP/log.$1"; } # NS PATTERN
log_count() { grep -cE -- "$2" "$TMP/log.$1"; } # NS PATTERN
# log_near NS: what the daemon said last
log_near() { tail -n 15 "$TMP/log.$1" | cut -c1-300 | sed "s/^/$1: /"; }

addresses() { # NS: what an administrator does once the device is there
	local n=$1 i=1 j=2
	[ "$n" = a ] || i=2 j=1
	ipn "$n" -batch - <<-X
	addr add 10.$i.0.1/24 dev vt0
	addr add fd0$i::1/64 dev vt0 nodad
	route add 10.$j.0.0/24 dev vt0 src 10.$i.0.1
	route add fd0$j::/64 dev vt0 src fd0$i::1
	X
}

# keyd_pair: namespaces, link, both daemons, addresses
keyd_pair() {
	ns_add a b
	link_pair a va b vb
	keyd_again
}

# keyd_again: both daemons anew, without a trace of the ones before
keyd_again() {
	local n
	for n in a b; do
		[ -z "${KEYD_PID[$n]:-}" ] || keyd_end KILL "$n"
		rm -rf "$TMP/run.$n"
		: > "$TMP/log.$n"
		ipn "$n" link del vt0 2> /dev/null
		in_ns "$n" vtunctl flush
		keyd_conf "$n"
	done
	for n in a b; do
		keyd_start "$n" && addresses "$n" || return
	done
}

ping_a() { in_ns a ping -q -c "${1:-1}" -i 0.2 -W "${2:-4}" 10.2.0.1; }
