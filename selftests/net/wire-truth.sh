#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# vtun speaks ESP as the kernel's own XFRM does: shared manual keys, both
# directions, every suite, with and without ESN, every mix of inner and outer
# address family, from both doors, raw and in UDP. Implicit IVs, which XFRM
# does not know, between two vtun.
#
#	          a: vtun                      b: XFRM, and vtun for -iiv
#	+--------------------------+         +--------------------------+
#	| 10.1.C, fd01::C    vt0   |         | 10.2.C, fd02::C  policies|
#	| 10.3.C, fd03::C  policies|         | 10.4.C, fd04::C  policies|
#	| 10.5.C, fd05::C    vt0   |         | 10.6.C, fd06::C    vt0   |
#	|                       va |---------| vb                       |
#	+--------------------------+         +--------------------------+
#	             192.0.2.0/24, 2001:db8::/64, ESP or UDP 4500
#
# A cell C is a child with SAs of its own, keyed as its suite, and two hosts,
# which are local by one route for all. SAs with ESN start 40 numbers before
# 2^32, so that the half of the number that is not on the wire changes under
# traffic. The byte and packet counters of both ends must agree at the end.
#
# A test is four cells, one for each mix of families. FULL=1: datagrams of more
# sizes.
#
# Proves: E-01 E-02 E-06 E-09 to E-13 E-14 E-32 E-51, B44 B47 (counters)
# shellcheck source=selftests/net/lib.sh
. "$(dirname "$0")/lib.sh"

XFRM_SUITES="chacha20poly1305 aes128gcm16 aes192gcm16 aes256gcm16"
for bits in 128 192 256; do
	for mac in sha1 sha256 sha384 sha512; do
		XFRM_SUITES+=" aes${bits}cbc-$mac"
	done
done
IIV_SUITES="chacha20poly1305-iiv aes128gcm16-iiv aes192gcm16-iiv aes256gcm16-iiv"
# numbers before the half that is not on the wire changes; packets of a cell
BEFORE=40 STEP=325 OCTETS=64K
if [ "$SLOW" != 1 ]; then
	BEFORE=10 STEP=650 OCTETS=16K
elif [ "$FULL" != 0 ]; then
	STEP=13
fi
ESN_START=$((4294967295 - BEFORE))
MTU=1350

# ---- cells ----

# Cells, keys, and a batch for each program and end, all in one process: one
# for each cell would cost more than all the packets. The noise is hexadecimal.
make_batches() {
	head -c 8192 /dev/urandom | od -An -v -tx1 | tr -d ' \n' > "$TMP/noise"
	umask 077
	awk -v d="$TMP/" -v start=$ESN_START \
		-v xfrm="$XFRM_SUITES" -v iiv="$IIV_SUITES" \
		-v a4=$OUT4_A -v b4=$OUT4_B -v a6=$OUT6_A -v b6=$OUT6_B '
	function octets(suite) {
		n = suite ~ /^aes128/ ? 16 : suite ~ /^aes192/ ? 24 : 32
		cipher = n
		match(suite, /-sha[0-9]+$/)
		mac = RLENGTH > 0 ? substr(suite, RSTART + 1) : ""
		return n + (mac == "" ? 4 : mac == "sha1" ? 20 : substr(mac, 4) / 8)
	}
	function make_key(suite, from) {
		key[from] = substr($0, at + 1, 2 * octets(suite))
		at += 2 * octets(suite)
		print key[from] > (d "key." from "." suite)
		close(d "key." from "." suite)
	}
	function algorithms(suite, hex) {
		octets(suite)
		if (suite ~ /^chacha/)
			return "aead rfc7539esp(chacha20,poly1305) 0x" hex " 128"
		if (mac == "")
			return "aead rfc4106(gcm(aes)) 0x" hex " 128"
		return "enc cbc(aes) 0x" substr(hex, 1, 2 * cipher) \
			" auth-trunc hmac(" mac ") 0x" \
			substr(hex, 2 * cipher + 1) " " \
			(mac == "sha1" ? 96 : substr(mac, 4) / 2)
	}
	function host(end, door, c, family) {
		n = (door == "device" ? 1 : door == "policy" ? 3 : 5) + (end == "b")
		if (family == 4)
			return "10." n "." int(c / 256) "." c % 256
		return "fd0" n "::" c
	}
	function sa(end, suite, esn) {
		return end + c " suite " suite " key " d "key." \
			(end == 4096 ? "a." : "b.") suite " " \
			(esn == "esn" ? "esn seq " start : "seq 0")
	}
	function cell(suite, esn, door, encap, outer, inner) {
		c++
		oa = outer == 4 ? a4 : a6
		ob = outer == 4 ? b4 : b6
		a = host("a", door, c, inner)
		b = host("b", door, c, inner)
		print "child add c" c (door == "policy" ? "" : " dev vt0"), \
			"local", oa, "remote", ob, "local-ts", a, "remote-ts", \
			b (encap == "udp" ? " encap udp" : "") > (d "vtun.a")
		print "sa install child c" c " in spi " sa(8192, suite, esn) \
			" out spi " sa(4096, suite, esn) > (d "vtun.a")
		if (door == "policy")
			print "policy add protect child c" c " local " a \
				" remote " b > (d "vtun.a")
		print a, b, suite, esn, door, encap, "inner IPv" inner, \
			"in outer IPv" outer > (d "traffic")
		if (door == "both") {
			print "child add c" c " dev vt0 local", ob, "remote", \
				oa, "local-ts", b, "remote-ts", a > (d "vtun.b")
			print "sa install child c" c " in spi " \
				sa(4096, suite, esn) " out spi " \
				sa(8192, suite, esn) > (d "vtun.b")
			return
		}
		tail = "mode tunnel reqid " c " replay-window 64 " \
			"flag af-unspec" (esn == "esn" ? " esn replay-seq " \
			start " replay-oseq " start : "")
		udp = encap == "udp" ? " encap espinudp 4500 4500 0.0.0.0" : ""
		print "xfrm state add src", oa, "dst", ob, "proto esp spi", \
			4096 + c, tail, algorithms(suite, key["a"]) udp > (d "xfrm.b")
		print "xfrm state add src", ob, "dst", oa, "proto esp spi", \
			8192 + c, tail, algorithms(suite, key["b"]) udp > (d "xfrm.b")
		print "xfrm policy add src", b, "dst", a, "dir out tmpl src", ob, \
			"dst", oa, "proto esp reqid", c, "mode tunnel" > (d "xfrm.b")
		print "xfrm policy add src", a, "dst", b, "dir in tmpl src", oa, \
			"dst", ob, "proto esp reqid", c, "mode tunnel" > (d "xfrm.b")
	}
	function group(suite, esn, door, encap,    outer, inner) {
		for (outer = 4; outer <= 6; outer += 2)
			for (inner = 4; inner <= 6; inner += 2)
				cell(suite, esn, door, encap, outer, inner)
		print suite, esn, door, encap > (d "groups")
	}
	function suite_groups(suite) {
		make_key(suite, "a")
		make_key(suite, "b")
		for (k = 0; k < 8; k++)
			if (suite !~ /-iiv$/)
				group(suite, k % 2 ? "esn" : "noesn", \
					k < 4 ? "device" : "policy", \
					k % 4 < 2 ? "none" : "udp")
			else if (k < 2)
				group(suite, k ? "esn" : "noesn", "both", "none")
	}
	{
		n_suites = split(xfrm " " iiv, suites, " ")
		for (s = 1; s <= n_suites; s++)
			suite_groups(suites[s])
		print c > (d "count")
	}' "$TMP/noise"
}

# ---- both ends ----

routes() { # NS PEER-ADDRESS-4 PEER-ADDRESS-6 DEV
	local n=$1 via4=$2 via6=$3 dev=$4 i j
	{
		echo "link add vt0 type vtun"
		echo "link set vt0 mtu $MTU addrgenmode none up"
		for i in 1 3 5; do
			j=$((i + 1))
			[ "$n" = a ] || { j=$i; i=$((i + 1)); }
			echo "route add local 10.$i.0.0/16 dev lo"
			echo "route add local fd0$i::/32 dev lo"
			if [ "$i" -ge 5 ] || [ "$n$i" = a1 ]; then
				echo "route add 10.$j.0.0/16 dev vt0"
				echo "route add fd0$j::/32 dev vt0"
			else
				echo "route add 10.$j.0.0/16 via $via4 dev $dev mtu $MTU"
				echo "route add fd0$j::/32 via $via6 dev $dev mtu $MTU"
			fi
		done
	} | ipn "$n" -batch -
}

udp_sockets() { serve a natt -a "$OUT4_A" && serve a natt -a "$OUT6_A"; }

# what XFRM puts its suites together from
xfrm_end() {
	modprobe -qa xfrm_user authenc authencesn echainiv seqiv cbc hmac gcm \
		ctr esp4 esp6 chacha20poly1305 aesni_intel ghash_clmulni_intel \
		sha1_ssse3 sha256_ssse3 sha512_ssse3 || :
	ipn b -batch "$TMP/xfrm.b"
}

vtun_end() { in_ns "$1" vtunctl batch "$TMP/vtun.$1"; }

# ---- results ----

# for each group: its name, a tab, what is wrong
judge() {
	awk -F '\t' -v OFS='\t' '
		FNR == NR { name[++n] = $0; next }
		{
			for (i = 1; i <= n; i++)
				if (index($0, "ok " name[i] " ") == 1)
					good[name[i]]++
				else if (index($0, "not ok " name[i] " ") == 1)
					bad[name[i]] = bad[name[i]] "; " $0
		}
		END {
			for (i = 1; i <= n; i++)
				print name[i], good[name[i]] == 4 ? "" : \
					good[name[i]] + 0 " of 4 cells" bad[name[i]]
		}' "$TMP/groups" "$TMP/result"
}

group_ok() { [ -z "$1" ] || { echo "$1"; return 1; }; }

# lines of "SPI PACKETS BYTES"
vtun_usage() { # NS
	in_ns "$1" vtunctl --json show sas | tr -d ' \n' | tr '{' '\n' |
	sed -nE 's/.*"spi":"?(0x)?0*([0-9a-f]+)"?,.*"bytes":([0-9]+),"packets":([0-9]+).*/\2 \4 \3/p'
}

xfrm_usage() {
	ipn b -s xfrm state | awk '
		$1 == "proto" { spi = substr($4, 3); sub("\\(.*", "", spi)
			sub("^0+", "", spi) }
		/lifetime current/ { getline; bytes = $1; packets = $2
			sub("\\(.*", "", bytes); sub("\\(.*", "", packets)
			print spi, packets, bytes }'
}

usage_agrees() {
	local left=0
	vtun_usage a | sort > "$TMP/usage.a"
	{ xfrm_usage; vtun_usage b; } | sort > "$TMP/usage.b"
	equal $((2 * C)) "$(wc -l < "$TMP/usage.a")" || return
	diff "$TMP/usage.a" "$TMP/usage.b" || return
	left=$(awk -v n=$((BEFORE + 5)) '$2 <= n' "$TMP/usage.a")
	[ -z "$left" ] || { echo "few packets: $left"; return 1; }
}

no_drops() {
	local n
	for n in a b; do
		in_ns "$n" vtunctl --json show sas children | tr -d ' \n' |
			grep -oE '"drops":\{[^}]+\}' && return 1
	done
	ipn b -s xfrm state > "$TMP/states"
	awk '/replay-window [0-9]+ replay [0-9]+ failed/ && $4 + $6' \
		"$TMP/states" | grep . && return 1
	return 0
}

make_batches
C=$(< "$TMP/count")
plan $((8 + $(wc -l < "$TMP/groups")))
begin vtun
ns_add a b
link_pair a va b vb
routes a "$OUT4_B" "$OUT6_B" va
routes b "$OUT4_A" "$OUT6_A" vb
check "sockets for ESP in UDP" udp_sockets
check "vtun end set up, $C cells" vtun_end a
check "vtun end set up for implicit IVs" vtun_end b
check "XFRM end set up" xfrm_end
note "set up after $(ms_since "$T0") ms"
wirecells -x -s $STEP -m 1300 -n $OCTETS "$ME-a" "$ME-b" < "$TMP/traffic" \
	> "$TMP/result" 2>&1 || :
note "traffic is over after $(ms_since "$T0") ms"
while IFS=$'\t' read -r name wrong; do
	check "$name: four mixes of families" group_ok "$wrong"
done < <(judge)
check "both ends count the same" usage_agrees
check "nothing was dropped" no_drops
finish
