#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Combinations that must be refused, transactions that must be whole, expiry,
# standby and dumps under change: see netlink-rules.py.
#
# Proves: E-07 E-31 E-43 E-44 E-47 E-48 E-52, B32 B56 B57 B58 B61 B64 B70 B71
# shellcheck source=selftests/net/lib.sh
. "$(dirname "$0")/lib.sh"

plan 4
python3 -c 'import yaml' 2> /dev/null || skip_all "python3-yaml is missing"
begin vtun
ns_add x
check "the rules of the generic netlink family hold" \
	in_ns x python3 "$HERE/netlink-rules.py"
sed 's/^/# /' "$TMP/out"
check "nothing lives after that" sas_balanced
finish
