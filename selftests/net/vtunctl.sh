#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What vtunctl sets is what the module has, and what the module refuses is told:
# options of children, changes in place, suites, limits, policies, sockets.
# Proves: E-09 to E-13 (suites by name), E-15 (default), E-32 E-48 E-51
# shellcheck source=selftests/net/lib.sh
. "$(dirname "$0")/lib.sh"

CBC=$(printf '%s ' aes{128,192,256}cbc-sha{1,256,384,512})
AEAD=$(printf '%s ' {chacha20poly1305,aes{128,192,256}gcm16}{,-iiv})
ENDS="local 192.0.2.1 remote 192.0.2.2"

plan 38
begin vtun
ns_add a
ipn a link add vt0 type vtun
ipn a link set vt0 up

ctl() { in_ns a vtunctl "$@"; }
look() { ctl --json show > "$TMP/show"; }
is() { equal "$2" "$(jget "$1" < "$TMP/show")"; } # PATH VALUE as of look()

# shellcheck disable=SC2086 # words
all_options() {
	ctl child add opt dev vt0 $ENDS encap udp local-port 4501 \
		remote-port 4502 keepalive 5s df set dscp 46 mss 1200 mark 0x10 \
		link lo on-demand follow-peer decap-dscp no-ecn hold-ms 300 &&
		look
}
check "a child with every option" all_options
for what in encap=udp local_port=4501 remote_port=4502 keepalive_ms=5000 \
	df=set dscp=46 mss=1200 mark=16 link=lo follow_peer=true \
	door=device; do
	check "reads back: $what" is "children[name=opt].${what%=*}" \
		"${what#*=}"
done
untold() {
	# shellcheck disable=SC2086 # words
	ctl child add nat dev vt0 $ENDS encap udp && look
}
check "a child in UDP without a word about keepalives" untold
check "sends one in 20 seconds" is "children[name=nat].keepalive_ms" 20000
# shellcheck disable=SC2086
refuse "a device carries no transport mode" "transport" \
	ctl child add t dev vt0 mode transport $ENDS
# shellcheck disable=SC2086
refuse "ports need UDP" "UDP" ctl child add t dev vt0 $ENDS local-port 5
# shellcheck disable=SC2086
refuse "a link that is not there" "no device" \
	ctl child add t dev vt0 $ENDS link eth99

change() {
	ctl child set opt remote 192.0.2.9 encap none dscp copy mss off \
		link none on-demand no follow-peer no && look
}
check "changed in place" change
check "has the new end" is "children[name=opt].remote" 192.0.2.9
check "has no UDP any more" is "children[name=opt].encap" ''
check "keeps what was not named" is "children[name=opt].mark" 16
refuse "no other address family by halves" "famil" \
	ctl child set opt remote 2001:db8::9
refuse "no change of nobody" 'no child "nobody"' ctl child set nobody mark 1

# shellcheck disable=SC2086
check "a child without device, transport mode" \
	ctl child add door mode transport $ENDS

octets() { # SUITE: of its key with salt or the key for integrity
	local -A more=([sha1]=20 [sha256]=32 [sha384]=48 [sha512]=64)
	case $1 in
	chacha*) echo 36 ;;
	*gcm16*) echo $((${1:3:3} / 8 + 4)) ;;
	*cbc*) echo $((${1:3:3} / 8 + ${more[${1#*-}]})) ;;
	esac
}

spi=4096
suites() { # SUITE…: a pair with each, as the module calls it
	local suite first=$spi
	for suite; do
		head -c "$(octets "$suite")" /dev/urandom | od -An -v -tx1 \
			> "$TMP/$suite"
		spi=$((spi + 1))
		echo sa install child door \
			in spi "$spi" suite "$suite" key "$TMP/$suite" \
			soft-idle 100s hard-idle 200s \
			out spi "$spi" suite "$suite" key "$TMP/$suite"
	done > "$TMP/batch"
	ctl batch "$TMP/batch" && look || return
	for suite; do
		first=$((first + 1))
		is "sas[dir=out,spi=$(printf '0x%08x' "$first")].suite" \
			"$suite" || return
	done
}
# shellcheck disable=SC2086
check "every AEAD suite" suites $AEAD
# shellcheck disable=SC2086
check "every suite with CBC and HMAC" suites $CBC
IN="sas[dir=in,spi=0x00001001]"
check "idle limits read back" is "$IN.hard.idle_ms" 200000
limits() {
	ctl sa set in spi 0x1001 hard-bytes 1G margin 10s soft-idle 0 && look
}
check "limits change" limits
check "the new one is there, the old one too" \
	is "$IN.hard.idle_ms $IN.hard.bytes" "200000 1073741824"
refuse "a soft limit beyond the hard one" "beyond" \
	ctl sa set in spi 0x1001 soft-bytes 2G

policies() {
	ctl policy add protect child door local 10.1.0.0/16 \
		remote 10.2.0.0/16 id 11 &&
	ctl policy add bypass remote '10.2.0.0/16[tcp/80]' id 12 &&
	ctl policy add discard local 2001:db8::/32 priority 5 id 13
}
check "policies of three actions, two families" policies
check "in order of evaluation" equal "13 11 12 " \
	"$(ctl policy list | awk '{ printf "%s ", $2 }')"
refuse "a child that policies name stays" "policies name" ctl child del door
check "sockets: one that stays without its owner" \
	ctl socket add local 127.0.0.1
check "it is an orphan" equal "socket 127.0.0.1  port 4500  orphan" \
	"$(ctl socket list)"
gone() {
	ctl socket del local 127.0.0.1 && ctl policy flush && ctl flush &&
	equal "" "$(ctl policy list)$(ctl socket list)$(ctl show children)"
}
check "all of it goes" gone
finish
