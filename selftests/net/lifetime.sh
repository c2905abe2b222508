#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# SAs end when they should: seconds, octets, packets and sequence numbers, soft
# and hard, outbound and inbound. Each expiry is announced once and stands in
# the dump; not one octet passes above a hard limit, counted at the peer.
#
#	10.1.0.1 vt0 [a] va ------------- vb [b] vt0 10.2.0.1
#	         limits here                 counts here
#
# Proves: E-05 E-42 E-44, R8, B45 B71
# shellcheck source=selftests/net/lib.sh
. "$(dirname "$0")/lib.sh"

GEN=0
# next_gen A-IN A-OUT [B-IN B-OUT]: a fresh pair of SAs with these limits
next_gen() {
	GEN=$((GEN + 1))
	: > "$TMP/events.a"
	vtun_install b $GEN "" "${3:-}" "${4:-}" &&
	vtun_install a $GEN "" "$1" "$2"
}

shoot() { in_ns a flood -q -i 2000 -n "$1" -s "${2:-100}" 10.2.0.1; }

# announced DIR LEVEL CAUSE SPI: exactly once, with this cause and no other
announced() {
	wait_until 5 events_are 1 a event=expire "dir=$1" "level=$2" \
		"cause=$3" "spi=$4" &&
	events_are 1 a event=expire "dir=$1" "level=$2" "spi=$4"
}

# state_says SA-PATH LEVEL CAUSE
state_says() { vtun_is a "$1.$2_expired.cause" "$3"; }

peer_got() { # FIELD LOW HIGH
	local n
	n=$(vtun_get b "$(sa_in b $GEN).$1") || return
	between "$2" "$3" "$n"
}

# outbound CAUSE DESCRIPTION: both levels were reached on a's outbound SA
outbound() {
	local spi
	spi=$(spi_of a $GEN)
	check "$2: soft expiry announced once" announced out soft "$1" "$spi"
	check "$2: hard expiry announced once" announced out hard "$1" "$spi"
	check "$2: the dump shows both" eval \
		"state_says '$(sa_out a $GEN)' soft $1 &&
		state_says '$(sa_out a $GEN)' hard $1 &&
		vtun_is a '$(sa_out a $GEN).state' expired"
}

# told_age LEVEL LOW HIGH: so old was the SA, as announced in JSON and as text
told_age() {
	local spi age
	spi=$(spi_of a $GEN)
	event_count a event=expire dir=out "level=$1" "spi=$spi"
	[[ ${MATCHED[*]} =~ \"age_ms\":([0-9]+) ]] || {
		echo "${MATCHED[*]}"
		return 1
	}
	age=${BASH_REMATCH[1]}
	between "$2" "$3" "$age" &&
	wait_until 2 grep -E "expire .*$spi level=$1 .*age_ms=$age " "$TMP/text"
}

dropped() { # REASON AT-LEAST
	local n
	n=$(vtun_sum_drops a "$1")
	between "$2" 1000000 "$n"
}

# apart LOW HIGH: ms between the soft and the hard expiry
apart() {
	local both sa
	sa=$(sa_out a $GEN)
	both=$(vtun_get a "$sa.soft_expired.age_ms $sa.hard_expired.age_ms")
	between "$1" "$2" $((${both% *} - ${both#* }))
}

plan 31
begin vtun
vtun_pair
# a child on demand keeps the carrier on, so that packets reach the dead one
in_ns a vtunctl child add other dev vt0 local $OUT4_A remote $OUT4_B \
	remote-ts 10.77.0.0/24 on-demand
serve b flood -l
events a
bg_ns a vtunctl monitor > "$TMP/text" 2> "$TMP/text.err"
wait_until 2 test -s "$TMP/text.err"

# --- packets
next_gen "" "soft-packets 10 hard-packets 20"
shoot 40
outbound packets "20 packets"
check "20 packets: the peer got 20" peer_got packets 20 20
check "20 packets: what came after was counted" dropped "hard-expired|no-sa" 20

# --- octets: 128 a packet, 20000 is no multiple of it
next_gen "" "soft-bytes 10000 hard-bytes 20000"
shoot 300 100
outbound bytes "20000 octets"
check "20000 octets: the peer got all but a rest below a packet" \
	peer_got bytes 19873 20000

# a super-packet is charged as a whole
next_gen "" "soft-bytes 100K hard-bytes 200K"
serve b tcpcheck -l
in_ns a tcpcheck -t 2 -n 1M 10.2.0.1 > /dev/null 2>&1
outbound bytes "200 KiB of TCP"
check "200 KiB of TCP: the peer got no octet more" peer_got bytes 100000 204800

# --- seconds
next_gen "" "soft-time $((700 * SLOW))ms hard-time $((1500 * SLOW))ms"
check "time: nothing is announced early" events_are 0 a event=expire
outbound time "1.5 seconds"
check "1.5 seconds: apart as configured" apart $((750 * SLOW)) $((900 * SLOW))
check "1.5 seconds: the soft expiry tells the age" told_age soft \
	$((700 * SLOW)) $((1000 * SLOW))
check "1.5 seconds: and so does the hard one" told_age hard \
	$((1500 * SLOW)) $((1800 * SLOW))

# --- sequence numbers: 15 are left without ESN
next_gen "" "seq 4294967280" "seq 4294967280"
shoot 40
outbound sequence "32-bit sequence"
check "32-bit sequence: the last number is the last" peer_got packets 15 15

# --- inbound
next_gen "soft-packets 5 hard-packets 10" ""
in_ns a pings -n 30 -w 1 -t 300 10.2.0.1 > /dev/null
check "inbound: soft announced once" announced in soft packets "$(spi_of b $GEN)"
check "inbound: hard announced once" announced in hard packets "$(spi_of b $GEN)"
check "inbound: 10 packets were let in" vtun_is a "$(sa_in a $GEN).packets" 10
check "both directions: the outbound SA is well" \
	vtun_is a "$(sa_out a $GEN).state" active

# --- refused
refuse "a soft limit above the hard one" "soft|hard|limit" \
	vtun_install a 90 "" "" "soft-bytes 2000 hard-bytes 1000"
finish
