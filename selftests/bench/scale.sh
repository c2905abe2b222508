# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# What a packet costs among many: children of one device, policies that exclude
# each other, policies that overlap, flows. 64 octets, drawn from all of them in
# no order. Sourced by guest.sh behind systems.sh. Suite AES-256-GCM.
#
#	children-N	one device, N children with an SA each way, by the
#			inner destination
#	policies-N	N policies of one host each, one SA
#	overlap-N	N policies of one port each for the same two hosts; the
#			one asked last is the one that fits
#	flows-N		N five-tuples through one SA
#	memory-sa-N	octets of memory per SA, N of them
#	memory-child-N	octets per child, of XFRM per policy
#
# More CPUs would not show here: a clock that counts instructions has one. What
# flows on several CPUs share is counted instead, see atomics in profile.

SUITE_MANY=aes256gcm16
COUNT=2048

# many N TEXT: once per number, with @HOST, @NR, @SPI and @PORT filled in
many() {
	awk -v n="$1" -v form="$2" 'BEGIN {
		parts = split(form, rest, "@")
		for (k = 2; k <= parts; k++) {
			match(rest[k], /^[A-Z]+/)
			word[k] = substr(rest[k], 1, RLENGTH)
			rest[k] = substr(rest[k], RLENGTH + 1)
		}
		for (i = 0; i < n; i++) {
			is["HOST"] = "10." 64 + int(i / 65536) "." \
				     int(i / 256) % 256 "." i % 256
			is["NR"] = i
			is["SPI"] = i + 4096
			is["PORT"] = 20000 + i
			printf "%s", rest[1]
			for (k = 2; k <= parts; k++)
				printf "%s%s", is[word[k]], rest[k]
			print ""
		}
	}'
}

# octets of memory in use, after caches have shrunk. Objects and not pages count:
# these are left over from whoever was measured before.
used_memory() {
	local f
	pause 0.5
	for f in /sys/kernel/slab/*/shrink; do
		echo 1 > "$f"
	done 2> /dev/null
	awk 'NR > 2 { n += $2 * $4 } END { printf "%.0f\n", n }' /proc/slabinfo
}

fill() { in_ns "$1" "$BUILD/bench/fill" "${@:2}"; } # NS WORD...

# Each sets up N, and $MIDDLE to what was in use before the SAs.

setup_children_vtun() { # N
	local n
	load_module || return
	for n in a b; do
		ipn $n link add tun0 type vtun || return
		addresses $n | ipn $n -batch - || return
	done
	ipn a route add 10.64.0.0/10 dev tun0
	fill a children "$1" tun0 "$OUT4_A" "$OUT4_B" out &&
		fill b children "$1" tun0 "$OUT4_B" "$OUT4_A" in || return
	MIDDLE=$(used_memory)
	fill a sas "$1" out && fill b sas "$1" in
}

setup_children_xfrm-policy() { # N
	local how tmpl
	how="proto esp spi @SPI reqid 1@NR mode tunnel replay-window 64 aead 'rfc4106(gcm(aes))' 0x$(cat "$TMP/key.a") 128"
	tmpl="proto esp reqid 1@NR mode tunnel"
	addresses_lo a | ipn a -batch - || return
	ipn a route add 10.64.0.0/10 via "$OUT4_B" src 10.10.0.1
	many "$1" "xfrm policy add src 10.10.0.1/32 dst @HOST/32 dir out tmpl src $OUT4_A dst $OUT4_B $tmpl" | ipn a -batch - || return
	MIDDLE=$(used_memory)
	many "$1" "xfrm state add src $OUT4_A dst $OUT4_B $how" > "$TMP/states"
	ipn a -batch "$TMP/states" && ipn b -batch "$TMP/states"
}

one_child() { # where all policies of vtun lead to
	load_module || return
	vtun_child a $SUITE_MANY && vtun_child b $SUITE_MANY || return
	addresses_lo a | ipn a -batch -
}

one_state() { # and those of XFRM
	state a 0x1001 $SUITE_MANY "$TMP/key.a" 0 | ipn a -batch - || return
	addresses_lo a | ipn a -batch -
}

setup_policies_vtun-policy() { # N
	one_child || return
	ipn a route add 10.64.0.0/10 via "$OUT4_B" src 10.10.0.1
	fill a policies "$1" bench
}

setup_policies_xfrm-policy() { # N
	one_state || return
	ipn a route add 10.64.0.0/10 via "$OUT4_B" src 10.10.0.1
	many "$1" "$(policy out a 'src 10.10.0.1/32 dst @HOST/32')" |
		ipn a -batch -
}

setup_overlap_vtun-policy() { # N
	one_child && fill a overlap "$1" bench
}

setup_overlap_xfrm-policy() { # N
	one_state || return
	many "$1" "$(policy out a 'src 10.10.0.0/24 dst 10.10.0.0/24 proto udp dport @PORT')" |
		sed 's/ dir out/ dir out priority 1/' | ipn a -batch -
}

memory_of() { # PATH N WHAT BEFORE AFTER: of the two namespaces
	local octets=$((($5 - $4) / $2 / 2))
	sample "$1" $SUITE_MANY "memory-$3-$2" octets 1 $octets
	say "$1 memory-$3-$2: $octets octets"
}

# many_cell KIND N PATH COMMAND...: sets up, measures, takes down
many_cell() {
	local kind=$1 n=$2 path=$3 before after rc=0
	shift 3
	wanted "$path" $SUITE_MANY "encap-64-$kind-$n" || return 0
	new_key "$TMP/key.a" $SUITE_MANY
	new_key "$TMP/key.b" $SUITE_MANY
	[ "$kind" != children ] || before=$(used_memory)
	if ! "setup_${kind}_$path" "$n" > "$TMP/out" 2>&1; then
		say "$path $kind-$n: cannot be set up: $(tail -n 1 "$TMP/out")"
		teardown
		return 1
	fi
	say "$path $kind-$n: set up"
	if [ "$kind" = children ] && [ "$n" -ge 1000 ]; then
		memory_of "$path" "$n" child "$before" "$MIDDLE"
		after=$(used_memory)
		memory_of "$path" "$n" sa "$MIDDLE" "$after"
	fi
	if rounds "$@"; then
		record "$path" $SUITE_MANY $# 0 "encap-64-$kind-$n"
		[ $# = 1 ] || record "$path" $SUITE_MANY $# 1 \
			"decap-64-$kind-$n"
		page "$path $SUITE_MANY 64-$kind-$n"
	else
		rc=1
	fi
	teardown
	return $rc
}

scale_cells() {
	local n rc=0 path to
	use_link capture
	for n in $SCALE; do
		to="kind=udp size=64 src=10.10.0.1 dst=10.64.0.0 dsts=$n"
		to+=" count=$COUNT"
		many_cell children "$n" vtun "encap $to store=1" \
			"decap dst=10.64.0.0" || rc=1
		# what one costs here takes too long for the largest number
		[ "$n" -gt 10000 ] ||
			many_cell children "$n" xfrm-policy \
				"encap $to policy=1 store=1" \
				"decap dst=10.64.0.0" || rc=1
		for path in vtun-policy xfrm-policy; do
			many_cell policies "$n" $path "encap $to policy=1" ||
				rc=1
		done
	done
	for n in $SCALE; do
		[ "$n" -le 10000 ] || continue
		to="kind=udp size=64 src=10.10.0.1 dst=10.10.0.2 count=$COUNT"
		to+=" policy=1 dport=$((19999 + n))"
		for path in vtun-policy xfrm-policy; do
			# XFRM asks them one after the other
			[ $path = vtun-policy ] || [ "$n" -le 1000 ] || continue
			many_cell overlap "$n" $path "encap $to" || rc=1
		done
	done
	return $rc
}

flows_of() { # PATH: through the one SA there is
	local n to="kind=udp size=64 src=10.10.0.1 dst=10.10.0.2 count=$COUNT" rc=0
	[[ $1 != *-policy ]] || to+=' policy=1'
	for n in 1 16 1000 60000; do
		wanted "$1" $SUITE_MANY "encap-64-flows-$n" || continue
		rounds "encap $to flows=$n store=1" "decap dst=10.10.0.2" ||
			{ rc=1; continue; }
		record "$1" $SUITE_MANY 2 0 "encap-64-flows-$n"
		record "$1" $SUITE_MANY 2 1 "decap-64-flows-$n"
	done
	return $rc
}

flow_cells() {
	local path rc=0
	use_link capture
	for path in xfrm xfrm-policy vtun vtun-policy; do
		wanted "$path" $SUITE_MANY encap-64-flows-{1,16,1000,60000} ||
			continue
		if setup $path $SUITE_MANY && wait_until 5 alive $path; then
			flows_of $path || rc=1
		else
			say "$path: cannot be set up for flows"
			rc=1
		fi
		teardown
	done
	return $rc
}
