#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What is refused and worth knowing is announced: SPIs nobody has, with what
# they were; forged and replayed packets. A flood of them is a few events.
#
#	listener [a] va ------------- vb [b] forge
#
# Proves: E-50, S-33, RFC 4303 3.4 "auditable event", R1, R2
# shellcheck source=selftests/net/lib.sh
. "$(dirname "$0")/lib.sh"

SPI_X=0x00c0ffee

child_x() {
	in_ns a vtunctl sa install child x in spi $SPI_X suite "$SUITE" \
		key "$TMP/key.x" window 64
}

forge_x() {
	in_ns b forge -s $SPI_X -u "$SUITE" -k "$TMP/key.x" \
		-i 10.66.0.1 -o 10.1.0.1 $OUT4_A "$@"
}

fresh() { : > "$TMP/events.a"; }

# audited LOW HIGH REASON [KEY=VALUE…]
audited() {
	local low=$1 high=$2 reason=$3
	shift 3
	event_count a event=audit "reason=$reason" "$@"
	between "$low" "$high" "$EVENT_N" || { cat "$TMP/events.a"; return 1; }
}

# packets that the events of a reason stand for
counted() { # REASON LOW HIGH
	local n=0 event
	event_count a event=audit "reason=$1"
	for event in "${MATCHED[@]}"; do
		[[ ! $event =~ \"count\":([0-9]+) ]] || n=$((n + BASH_REMATCH[1]))
	done
	between "$2" "$3" "$n"
}

dropped() { # OBJECT REASON N
	local n
	n=$(vtun_drops a "$1" "$2")
	[ "$n" = "$3" ] || { echo "$2: $n of $3"; return 1; }
}
X="sas[dir=in,spi=$SPI_X]"

plan 19
begin vtun
new_key "$TMP/key.x" "$SUITE"
vtun_pair
in_ns a vtunctl child add x dev vt0 local $OUT4_A remote $OUT4_B
events a

# --- unknown
forge_x valid:1
check "an unknown SPI is announced" \
	wait_until 3 audited 1 1 unknown-spi "spi=$SPI_X"
check "from whom, to whom" \
	audited 1 1 unknown-spi "src=$OUT4_B" "dst=$OUT4_A" count=1
check "nobody claims that it ever existed" \
	not audited 1 1 unknown-spi "gone_state=[a-z]*"

check "the SA" child_x
forge_x valid:1-5
check "5 good packets pass" wait_until 3 vtun_is a \
	"$X.packets" 5
check "and are no news" eval "pause 0.2; events_are 1 a event=audit"
in_ns a vtunctl sa del in spi $SPI_X
pause 1.2
fresh
forge_x valid:6
check "a packet for an SA that is gone says so" \
	wait_until 3 audited 1 1 unknown-spi "spi=$SPI_X" gone_state=active

# --- a flood of different SPIs: first some, then one a second
fresh
forge_x spi:200:1-600
check "600 unknown SPIs are counted" \
	wait_until 5 dropped info unknown-spi 602
check "but a few events" audited 1 20 unknown-spi
check "none of these is known from earlier" \
	not audited 1 20 unknown-spi "gone_state=[a-z]*"

# --- forged and replayed
fresh
child_x
forge_x valid:1-100
forge_x flip:200-599:100
check "400 forged packets are counted" wait_until 5 dropped "$X" integrity 400
check "one SA: an event a second" audited 1 8 integrity "spi=$SPI_X"
check "with the child" audited 1 8 integrity child=x
forge_x valid:90-99 valid:1
check "10 replayed" wait_until 3 audited 1 4 replay-dup "src=$OUT4_B"
check "one too old" wait_until 3 audited 1 1 replay-old
pause 1.2
forge_x flip:700:100
check "the next event makes up for those between" eval \
	"wait_until 3 counted integrity 401 401"

# --- what is no attack
fresh
forge_x dummy:800-810:10 next:811:6
check "dummies are no news" eval \
	"wait_until 3 dropped '$X' next-header 1 && events_are 0 a event=audit"
finish
