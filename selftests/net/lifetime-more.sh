#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# SAs end when nobody uses them, limits of installed SAs change, and the soft
# expiry of a volume comes in time whatever the rate is.
#
#	10.1.0.1 vt0 [a] va ------------- vb [b] vt0 10.2.0.1
#	         limits here
#
# Proves: E-42 to E-46, R8 R9, B71 B72
# shellcheck source=selftests/net/lib.sh
. "$(dirname "$0")/lib.sh"

GEN=0
next_gen() { # A-IN A-OUT
	GEN=$((GEN + 1))
	: > "$TMP/events.a"
	vtun_install b "$GEN" && vtun_install a "$GEN" "" "$1" "$2"
}

shoot() { in_ns a flood -q -i "${2:-2000}" -n "$1" -s "${3:-100}" 10.2.0.1; }

# announced TIMES DIR LEVEL CAUSE
announced() {
	local spi
	spi=$(spi_of "$([ "$2" = in ] && echo b || echo a)" "$GEN")
	wait_until 5 events_are "$1" a event=expire "dir=$2" "level=$3" \
		"cause=$4" "spi=$spi" &&
	events_are "$1" a event=expire "dir=$2" "level=$3" "spi=$spi"
}

out_is() { vtun_is a "$(sa_out a "$GEN").$1" "$2"; }
in_is() { vtun_is a "$(sa_in a "$GEN").$1" "$2"; }

set_out() {
	in_ns a vtunctl sa set out child c spi "$(spi_of a "$GEN")" "$@"
}

# age of the SA in ms when the event came
age_at() { # LEVEL LOW HIGH
	local both sa
	sa=$(sa_out a "$GEN")
	both=$(vtun_get a "$sa.age_ms $sa.$1_expired.age_ms")
	between "$2" "$3" $((${both% *} - ${both#* }))
}

plan 37
begin vtun
vtun_pair
in_ns a vtunctl child add other dev vt0 local $OUT4_A remote $OUT4_B \
	remote-ts 10.77.0.0/24 on-demand
serve b flood -l
events a

# --- idle
next_gen "soft-idle 500ms" "soft-idle 400ms hard-idle 1200ms"
check "idle: soft announced once" announced 1 out soft idle
check "idle: hard announced once" announced 1 out hard idle
check "idle: counted from installation" age_at soft 400 $((400 + 300 * SLOW))
check "idle: hard when it says" age_at hard 1200 $((1200 + 400 * SLOW))
check "idle: the SA is gone" out_is state expired
check "idle: inbound announced, too" announced 1 in soft idle
check "idle: inbound has no hard limit" in_is state active

next_gen "" "soft-idle $((700 * SLOW))ms"
shoot 20 $((100000 * SLOW))
check "traffic keeps it awake three times as long" events_are 0 a event=expire
check "then it falls asleep" announced 1 out soft idle

# --- limits change
next_gen "" "soft-packets 10 hard-packets 40"
shoot 10
check "10 packets: soft announced" announced 1 out soft packets
check "a soft limit behind changes nothing" eval \
	'set_out soft-packets 5 && out_is soft_expired.cause packets'
check "a soft limit ahead is accepted" set_out soft-packets 20
check "the soft expiry is forgotten" not out_is soft_expired.cause packets
check "the hard limit is still there" out_is hard.packets 40
shoot 10
check "20 packets: announced again" announced 2 out soft packets
check "the hard limit comes closer" set_out soft-packets 0 hard-packets 30
shoot 20
check "30 packets: hard" announced 1 out hard packets
check "30 packets and no more" out_is packets 30
refuse "an SA that expired stays so" "expired|keys" \
	set_out soft-packets 100 hard-packets 200
check "indeed" out_is hard.packets 30

next_gen "" "hard-time 3600s"
check "time: soft by change" eval \
	'set_out soft-time 300ms && announced 1 out soft time'
check "time: hard in the past ends it at once" eval \
	'set_out soft-time 0 hard-time 1ms && announced 1 out hard time'

# --- the wall clock jumps, and no SA notices
jump() { # ahead and back, back and ahead
	python3 -c '
import time
for by in (86400 * 400, -86400 * 400, -3600, 3600):
    time.clock_settime(time.CLOCK_REALTIME, time.time() + by)
    time.sleep(0.05)'
}
next_gen "" "soft-time $((2000 * SLOW))ms hard-time $((3000 * SLOW))ms"
check "the clock jumps while an SA lives" jump
check "time: soft as if nothing had happened" announced 1 out soft time
check "time: hard, too" eval 'announced 1 out hard time &&
	age_at hard $((3000 * SLOW)) $((3400 * SLOW))'

# --- three quarters of the numbers: no limit that could be moved
next_gen "" "seq $((3 << 30))"
shoot 5
check "numbers: soft announced" announced 1 out soft sequence
check "and a limit after it" set_out soft-packets 20
shoot 20
check "is announced as well" wait_until 5 events_are 1 a event=expire dir=out \
	level=soft cause=packets "spi=$(spi_of a "$GEN")"

# what is left of the volume at the rate of now, in ms
left() { between "$1" "$2" "$(vtun_get a "$(sa_out a "$GEN").remaining.volume_ms")"; }

# --- refused, whole
next_gen "" "soft-bytes 1000 hard-bytes 2000"
refuse "soft above hard" "soft|hard|limit" set_out soft-bytes 3000
refuse "a margin without a volume" "margin|volume" \
	set_out hard-bytes 0 soft-bytes 0 margin 300ms
check "nothing of it was kept" eval \
	'out_is soft.bytes 1000 && out_is hard.bytes 2000'

# --- the rate decides: 50 kB/s leave seconds, 500 kB/s do not
next_gen "" "hard-bytes 1M margin 500ms"
shoot 30 20000 1000
check "slow: nothing is announced" events_are 0 a event=expire
check "slow: many seconds are left, by the rate" left 3000 100000000
shoot 1400 1500 1000 &
check "fast: the soft expiry comes by the rate" announced 1 out soft rate
wait %% 2> /dev/null
next_gen "" "hard-time 3600s"
shoot 20
check "without a limit of volume there is no estimate" equal "" \
	"$(vtun_get a "$(sa_out a "$GEN").remaining.volume_ms" 2> /dev/null)"
finish
