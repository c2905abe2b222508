#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# vectors.sh FOLDER: print a C file made of the vectors in that folder, so that
# no value is copied by hand. Hexadecimal stays text until the test reads it.
set -eu
cat << 'EOF'
// SPDX-License-Identifier: GPL-2.0-only
/* made by vectors.sh, do not edit */
#include "selftest.h"

#include <linux/kernel.h>

EOF
awk '
$1 == "esn" {
	hi = $9 == "-" ? "false, 0" : "true, 0x" $9
	esn = esn sprintf("\t{ %d, 0x%s, 0x%s, 0x%s, %s },\n", $2, $3, $4, $5, hi)
}
$1 == "replay" {
	sub("W=", "", $3)
	for (i = 5; i <= NF; i++) {
		split($i, step, "=")
		replay = replay sprintf("\t{ \"%s\", %d, %s, %sULL, %s },\n", $2, $3, i == 5 ? "true" : "false", step[1], step[2] ? "true" : "false")
	}
}
END {
	print "const struct esn_case vtun_esn_cases[] = {\n" esn "};"
	print "const unsigned int vtun_n_esn_cases = ARRAY_SIZE(vtun_esn_cases);\n"
	print "const struct replay_step vtun_replay_steps[] = {\n" replay "};"
	print "const unsigned int vtun_n_replay_steps = ARRAY_SIZE(vtun_replay_steps);\n"
}' "$1/esn-replay-tables.txt"
awk '
function flush() {
	if ("esp_packet" in v) {
		encr = v["alg"] ~ /CHACHA20/ ? 28 : 20
		if ("encr" in v)
			encr = v["encr"]
		printf("\t{\n\t\t.name = \"%s\", .encr = %d, .integ = %d, .esn = %s,\n", v["name"], encr, v["integ"], v["esn"] == "1" ? "true" : "false")
		printf("\t\t.key = \"%s%s%s\",\n", v["key"], v["salt"], v["integ_key"])
		printf("\t\t.spi = 0x%s, .seq = 0x%sULL,\n", v["spi"], v["seq"])
		printf("\t\t.iv = \"%s\",\n\t\t.plain = \"%s\",\n\t\t.packet = \"%s\",\n\t},\n", v["iv"], v["plaintext"], v["esp_packet"])
	}
	delete v
}
BEGIN { print "const struct esp_kat vtun_esp_kats[] = {" }
/^#/ { next }
/^$/ { flush(); next }
{ v[$1] = $3 " " $4; sub(" $", "", v[$1]); if ($1 != "alg") v[$1] = $3 }
END {
	flush()
	print "};"
	print "const unsigned int vtun_n_esp_kats = ARRAY_SIZE(vtun_esp_kats);"
}
' "$1/esp-ike-kat.txt" "$1/esp-suite-kat.txt"
