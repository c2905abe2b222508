#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Thousands of policies, SAs and children come, are dumped while they change, and
# go; lo of the same namespace can be changed all the while, beside devices that
# come and go. FULL=1: 100,000 policies and 20,000 SAs.
# Proves: E-32 (order of many), B60 B61 B70 (RTNL is not held)
# shellcheck source=selftests/net/lib.sh
. "$(dirname "$0")/lib.sh"

POLICIES=4000 PAIRS=500
[ "$FULL" = 0 ] || POLICIES=100000 PAIRS=10000

plan 4
python3 -c 'import yaml' 2> /dev/null || skip_all "python3-yaml is missing"
begin vtun
ns_add x
export TMP
check "$POLICIES policies and $PAIRS pairs of SAs, and nobody waits" \
	in_ns x python3 "$HERE/netlink-scale.py" $((POLICIES / SLOW)) \
	$((PAIRS / SLOW)) "$SLOW"
sed 's/^/# /' "$TMP/out"
check "nothing lives after that" sas_balanced
finish
