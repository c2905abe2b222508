#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Two connections with strongSwan over kernel XFRM, one with a pre-shared key
# and one with Ed25519 raw keys: who begins, traffic both ways, rekeys and
# deletes started from either end, the peer killed and started again.
#
#	     a: vtkeyd, vtun                          b: charon, XFRM
#	10.1.0.1 vt0 192.0.2.1 \                 / 10.2.0.1   psk
#	                         va --------- vb 192.0.2.2
#	10.3.0.1 vt1 192.0.2.3 /                 \ 10.4.0.1   ed25519
#
# Proves: item 3 of what must be shown; requirements 1.2 (preset modern)
# time limit: 400 s
# shellcheck source=selftests/net/lib.sh
. "$(dirname "$0")/../net/lib.sh"

CHARON=/usr/lib/ipsec/charon
SW=$TMP/sw
SOCK=$TMP/run/vtkeyd.sock
CONNS="psk ed"

address() { if [ "$1" = psk ]; then echo 192.0.2.1; else echo 192.0.2.3; fi; }
inner_a() { if [ "$1" = psk ]; then echo 10.1.0; else echo 10.3.0; fi; }
inner_b() { if [ "$1" = psk ]; then echo 10.2.0; else echo 10.4.0; fi; }

# --- keys and configuration

raw_to_pem() { # base64 of a raw Ed25519 public key
	echo "-----BEGIN PUBLIC KEY-----"
	{ printf '\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00'
	  base64 -d <<< "$1"; } | base64 -w0
	echo
	echo "-----END PUBLIC KEY-----"
}

make_keys() {
	umask 077
	mkdir -p "$SW/private" "$SW/pubkey"
	vtunctl genkey > "$TMP/our.key" || return
	raw_to_pem "$(vtunctl pubkey < "$TMP/our.key")" > "$SW/pubkey/a.pem"
	openssl genpkey -algorithm ED25519 -out "$SW/private/b.pem" || return
	openssl pkey -in "$SW/private/b.pem" -pubout -out "$SW/pubkey/b.pem"
	THEIR_KEY=$(openssl pkey -in "$SW/private/b.pem" -pubout -outform DER |
		tail -c 32 | base64)
}

our_conn() { # CONN AUTH-LINES…
	local c=$1
	shift
	cat <<-X
	conn $c {
	    local-addr $(address "$c")
	    remote-addr 192.0.2.2
	    local-id a-$c.example
	    remote-id b-$c.example
	    ike-proposal chacha20poly1305-prfsha256-x25519
	    dpd-interval 2s
	    $1
	    ${2:-}
	    ${3:-}
	    child c {
	        dev $([ "$c" = psk ] && echo vt0 || echo vt1)
	        local-ts $(inner_a "$c").0/24
	        remote-ts $(inner_b "$c").0/24
	        esp-proposal chacha20poly1305
	        # charon takes its time on an emulated CPU
	        hold-time 20s
	    }
	}
	X
}

our_config() {
	{
		our_conn psk "auth psk" 'psk "a secret of the two gateways"'
		our_conn ed "auth ed25519" "private-key-file $TMP/our.key" \
			"remote-public-key $THEIR_KEY"
	} > "$TMP/vtkeyd.conf"
	chmod 600 "$TMP/vtkeyd.conf"
}

their_conn() { # CONN LOCAL-AUTH REMOTE-AUTH
	cat <<-X
	$1 {
	  version = 2
	  local_addrs = 192.0.2.2
	  remote_addrs = $(address "$1")
	  proposals = chacha20poly1305-prfsha256-x25519
	  mobike = no
	  local { $2
	    id = b-$1.example
	  }
	  remote { $3
	    id = a-$1.example
	  }
	  children { $1-c {
	    local_ts = $(inner_b "$1").0/24
	    remote_ts = $(inner_a "$1").0/24
	    esp_proposals = chacha20poly1305-x25519
	  } }
	}
	X
}

their_config() {
	cat > "$SW/strongswan.conf" <<-X
	charon {
	  load = random nonce openssl curve25519 chapoly aes sha1 sha2 hmac kdf pem pkcs1 pkcs8 x509 pubkey kernel-netlink socket-default vici updown
	  plugins { vici { socket = unix://$SW/vici
	  } }
	  filelog { l { path = $TMP/charon.log
	    default = 1
	    ike = 2
	    append = yes
	  } }
	  retransmit_timeout = 1.0
	  retransmit_tries = 3
	}
	X
	{
		echo "connections {"
		their_conn psk "auth = psk" "auth = psk"
		their_conn ed "auth = pubkey
	    pubkeys = b.pem" "auth = pubkey
	    pubkeys = a.pem"
		echo "}"
		echo 'secrets { ike-1 { secret = "a secret of the two gateways"'
		echo '} }'
	} > "$SW/swanctl.conf"
}

# --- the two daemons

vici() {
	in_ns b env STRONGSWAN_CONF="$SW/strongswan.conf" SWANCTL_DIR="$SW" \
		swanctl "$@" --uri "unix://$SW/vici"
}

start_charon() {
	# its own /run, so that another one could run beside it
	nsrun "$ME-b" unshare -m env \
		STRONGSWAN_CONF="$SW/strongswan.conf" bash -c \
		"mount -t tmpfs t /run && exec $CHARON" > "$TMP/charon.out" 2>&1 &
	CHARON_PID=$!
	wait_until 60 test -S "$SW/vici" &&
	wait_until 60 vici --load-all
}

kill_charon() {
	kill -9 "$CHARON_PID"
	wait "$CHARON_PID" 2> /dev/null
	rm -f "$SW/vici"
	ipn b xfrm state flush
	ipn b xfrm policy flush
}

ctl() { in_ns a vtunctl --socket "$SOCK" "$@"; }
daemon_answers() { [ -S "$SOCK" ] && ctl version; }

start_vtkeyd() {
	bg_ns a vtkeyd -c "$TMP/vtkeyd.conf" --run-dir "$TMP/run" \
		2> "$TMP/vtkeyd.log"
	wait_until 20 daemon_answers || return
	wait_until 5 ipn a addr add 10.1.0.1/24 dev vt0
	wait_until 5 ipn a addr add 10.3.0.1/24 dev vt1
	ipn a route add 10.2.0.0/24 dev vt0 src 10.1.0.1
	ipn a route add 10.4.0.0/24 dev vt1 src 10.3.0.1
}

# --- what both say

our() { ctl --json show | jget "children[name=$1:c].ike.$2"; }
our_is() { # CONN MEMBER VALUE
	local got
	got=$(our "$1" "$2")
	[ "$got" = "$3" ] || { echo "$1 $2: wanted $3, got $got"; return 1; }
}
our_changed() { # CONN MEMBER OLD
	local got
	got=$(our "$1" "$2")
	[ -n "$got" ] && [ "$got" != "$3" ] || { echo "$2 is still $3"; return 1; }
}
our_ike() { ctl --json show | jget "ike[conn=$1,state=up].spi_i"; }
our_ike_changed() {
	local got
	got=$(our_ike "$1")
	[ -n "$got" ] && [ "$got" != "$2" ] || { echo "IKE SA still $2"; return 1; }
}
their_children() { vici -l -i "$1" 2> /dev/null | grep -c 'INSTALLED, TUNNEL'; }
their_children_are() {
	local n
	n=$(their_children "$1")
	[ "$n" = "$2" ] || { vici -l; return 1; }
}
ours_down() { our_is "$1" state down; }
# a new attempt may follow at once, so that "down" need not be seen
ours_gone() { # SPI-I
	equal 0 "$(ctl --json show | jget "ike[#spi_i=$1]")"
}

at_rest() { # CONN: one pair at both ends
	our_is "$1" state up && our_is "$1" pairs 1 && their_children_are "$1" 1
}

logs() { # RC: of a failed step
	[ "$1" = 0 ] && return
	tail -n 12 "$TMP/vtkeyd.log" | cut -c1-250
	tail -n 12 "$TMP/charon.log" | cut -c1-200
	return "$1"
}

traffic() { # CONN
	in_ns a tcpcheck -n 300K "$(inner_b "$1").1" &&
	in_ns b tcpcheck -n 300K "$(inner_a "$1").1"
}

first_ping() { # CONN: it has to bring up the tunnel
	in_ns a pings -t 20000 "$(inner_b "$1").1"
	logs $?
}

# steadily CONN COMMAND…: while 100 datagrams a second pass, none is lost
steadily() {
	local c=$1 rc=0 flood
	shift
	rm -f "$TMP/stop"
	in_ns a flood -i 10000 -u "$TMP/stop" "$(inner_b "$c").1" \
		> "$TMP/flood" 2>&1 &
	flood=$!
	pause 0.3
	"$@" || rc=$?
	pause 0.7
	: > "$TMP/stop"
	wait $flood || rc=1
	cat "$TMP/flood"
	logs $rc
}

# --- steps; CONN is the first argument of each

rekey_child_ours() {
	local old
	old=$(our "$1" spi_out)
	ctl rekey "$1" c && wait_until 10 our_changed "$1" spi_out "$old" &&
	wait_until 10 at_rest "$1"
}
rekey_child_theirs() {
	local old
	old=$(our "$1" spi_out)
	vici --rekey --child "$1-c" > /dev/null &&
	wait_until 10 our_changed "$1" spi_out "$old" &&
	wait_until 10 at_rest "$1"
}
rekey_ike_ours() {
	local old
	old=$(our_ike "$1")
	ctl rekey "$1" && wait_until 10 our_ike_changed "$1" "$old" &&
	wait_until 10 at_rest "$1"
}
rekey_ike_theirs() {
	local old
	old=$(our_ike "$1")
	vici --rekey --ike "$1" > /dev/null &&
	wait_until 10 our_ike_changed "$1" "$old" && wait_until 10 at_rest "$1"
}
delete_theirs() {
	vici --terminate --ike "$1" > /dev/null
	wait_until 10 ours_down "$1"
}
delete_child_theirs() {
	vici --terminate --child "$1-c" > /dev/null
	wait_until 10 ours_down "$1"
}
delete_ours() { ctl down "$1" && wait_until 10 their_children_are "$1" 0; }
initiate_theirs() {
	vici --initiate --child "$1-c" > /dev/null
	wait_until 10 at_rest "$1"
	logs $?
}

one_auth() { # CONN DESCRIPTION
	check "$2: the first ping is answered" first_ping "$1"
	check "$2: one pair at both ends" wait_until 5 at_rest "$1"
	check "$2: TCP both ways" traffic "$1"
	check "$2: child rekey by vtkeyd, nothing lost" \
		steadily "$1" rekey_child_ours "$1"
	check "$2: child rekey by charon, nothing lost" \
		steadily "$1" rekey_child_theirs "$1"
	check "$2: IKE rekey by vtkeyd, nothing lost" \
		steadily "$1" rekey_ike_ours "$1"
	check "$2: IKE rekey by charon, nothing lost" \
		steadily "$1" rekey_ike_theirs "$1"
	check "$2: child rekey after them" steadily "$1" rekey_child_ours "$1"
	check "$2: charon deletes the child" delete_child_theirs "$1"
	check "$2: traffic brings it back" first_ping "$1"
	check "$2: charon deletes the IKE SA" delete_theirs "$1"
	check "$2: charon initiates" initiate_theirs "$1"
	check "$2: TCP both ways" traffic "$1"
	check "$2: vtkeyd deletes" delete_ours "$1"
	check "$2: charon initiates again" initiate_theirs "$1"
}

restart() {
	local c
	declare -A old
	for c in $CONNS; do
		old[$c]=$(our_ike "$c")
	done
	kill_charon
	check "charon is killed and comes back" start_charon
	for c in $CONNS; do
		# 2 s of silence and six tries: 0.5 s, 1 s .. 16 s
		check "$c: dead peer found" wait_until 50 ours_gone "${old[$c]}"
		check "$c: traffic brings it back" first_ping "$c"
	done
	kill_charon
	start_charon
	for c in $CONNS; do
		check "$c: a restarted charon may begin" initiate_theirs "$c"
		check "$c: traffic passes" traffic "$c"
	done
}

[ -x $CHARON ] && command -v swanctl > /dev/null ||
	skip_all "strongSwan is not installed"
plan 44
begin vtun
ns_add a b
link_pair a va b vb
ipn a addr add 192.0.2.3/24 dev va
ipn b addr add 10.2.0.1/24 dev lo
ipn b addr add 10.4.0.1/24 dev lo
check "keys" make_keys
our_config
their_config
check "vtkeyd" start_vtkeyd
check "charon" start_charon
serve b flood -l
serve b tcpcheck -l
serve a tcpcheck -l
one_auth psk "pre-shared key"
one_auth ed "Ed25519"
restart
cp "$TMP/vtkeyd.log" "$TMP/charon.log" "${SCRATCH:-/tmp}" 2> /dev/null
kill_charon
finish
