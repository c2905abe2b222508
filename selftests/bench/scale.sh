# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# What a packet costs among many: children of one device, policies that exclude
# each other, policies that overlap. 64 octets, drawn from all of them in no
# order. Sourced by guest.sh behind systems.sh. Suite AES-256-GCM.
#
#	children-N	one device, N children with an SA each way, by the
#			inner destination
#	policies-N	N policies of one host each, one SA
#	overlap-N	N policies of one port each for the same two hosts; the
#			one asked last is the one that fits
#	flows-N		N five-tuples through one SA

SUITE_MANY=aes256gcm16
COUNT=4096

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

free_kb() {
	awk '$1 == "MemFree:" { n += $2 } END { print n }' /proc/meminfo
}

batch() { # NS: lines for vtunctl
	in_ns "$1" vtunctl batch - > /dev/null
}

setup_children_vtun() { # N
	local n
	load_module || return
	for n in a b; do
		ipn $n link add tun0 type vtun || return
		addresses $n | ipn $n -batch - || return
	done
	ipn a route add 10.64.0.0/10 dev tun0
	many "$1" "child add c@NR dev tun0 local $OUT4_A remote $OUT4_B local-ts 10.10.0.1/32 remote-ts @HOST/32
sa install child c@NR out spi @SPI suite $SUITE_MANY key $TMP/key.a" | batch a &&
	many "$1" "child add c@NR dev tun0 local $OUT4_B remote $OUT4_A remote-ts 10.10.0.1/32 local-ts @HOST/32
sa install child c@NR in spi @SPI suite $SUITE_MANY key $TMP/key.a" | batch b
}

setup_children_xfrm-policy() { # N
	local how tmpl
	how="proto esp spi @SPI reqid 1@NR mode tunnel replay-window 64 aead 'rfc4106(gcm(aes))' 0x$(cat "$TMP/key.a") 128"
	tmpl="proto esp reqid 1@NR mode tunnel"
	addresses_lo a | ipn a -batch - || return
	ipn a route add 10.64.0.0/10 via $OUT4_B src 10.10.0.1
	many "$1" "xfrm state add src $OUT4_A dst $OUT4_B $how
xfrm policy add src 10.10.0.1/32 dst @HOST/32 dir out tmpl src $OUT4_A dst $OUT4_B $tmpl" | ipn a -batch - &&
	many "$1" "xfrm state add src $OUT4_A dst $OUT4_B $how" | ipn b -batch -
}

setup_policies_vtun-policy() { # N
	load_module || return
	vtun_child a $SUITE_MANY && vtun_child b $SUITE_MANY || return
	addresses_lo a | ipn a -batch - || return
	ipn a route add 10.64.0.0/10 via $OUT4_B src 10.10.0.1
	many "$1" "policy add protect child bench local 10.10.0.1/32 remote @HOST/32" |
		batch a
}

setup_policies_xfrm-policy() { # N
	state a 0x1001 $SUITE_MANY "$TMP/key.a" 0 | ipn a -batch - || return
	addresses_lo a | ipn a -batch - || return
	ipn a route add 10.64.0.0/10 via $OUT4_B src 10.10.0.1
	many "$1" "$(policy out a 'src 10.10.0.1/32 dst @HOST/32')" |
		ipn a -batch -
}

setup_overlap_vtun-policy() { # N
	load_module || return
	vtun_child a $SUITE_MANY && vtun_child b $SUITE_MANY || return
	addresses_lo a | ipn a -batch - || return
	many "$1" "policy add protect child bench local 10.10.0.0/24 remote 10.10.0.0/24[udp/@PORT] priority 1@NR" |
		batch a
}

setup_overlap_xfrm-policy() { # N
	state a 0x1001 $SUITE_MANY "$TMP/key.a" 0 | ipn a -batch - || return
	addresses_lo a | ipn a -batch - || return
	many "$1" "$(policy out a 'src 10.10.0.0/24 dst 10.10.0.0/24 proto udp dport @PORT')" |
		sed 's/ dir out/ dir out priority 1/' | ipn a -batch -
}

# many_cell KIND N PATH COMMAND...: sets up, measures, takes down
many_cell() {
	local kind=$1 n=$2 path=$3 before after rc=0
	shift 3
	wanted "$path" $SUITE_MANY "encap-64-$kind-$n" || return 0
	new_key "$TMP/key.a" $SUITE_MANY
	new_key "$TMP/key.b" $SUITE_MANY
	before=$(free_kb)
	if ! "setup_${kind}_$path" "$n" > "$TMP/out" 2>&1; then
		say "$path $kind-$n: cannot be set up: $(tail -n 1 "$TMP/out")"
		rc=1
	else
		after=$(free_kb)
		[ "$kind" != children ] || [ "$n" -lt 1000 ] || {
			sample "$path" $SUITE_MANY "memory-child-sa-$n" octets \
				1 $(((before - after) * 512 / n))
			say "$path children-$n:" \
				"$(((before - after) * 512 / n)) octets" \
				"per child with one SA"
		}
		if rounds "$@"; then
			record "$path" $SUITE_MANY $# 0 "encap-64-$kind-$n"
			[ $# = 1 ] || record "$path" $SUITE_MANY $# 1 \
				"decap-64-$kind-$n"
		else
			rc=1
		fi
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
		many_cell children "$n" xfrm-policy "encap $to policy=1 store=1" \
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
