#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Memory runs out at every allocation of every request: netlink-faults.py.
# Only kernels with fault injection can: KVER=6.1-debug.
# Proves: B59 (an allocation that fails leaves nothing half done)
# time limit: 900 s
# shellcheck source=selftests/net/lib.sh
. "$(dirname "$0")/lib.sh"

plan 4
python3 -c 'import yaml' 2> /dev/null || skip_all "python3-yaml is missing"
[ -e /proc/self/fail-nth ] || skip_all "the kernel has no fault injection"
begin vtun
ns_add x
# without thousands of reports, and those that may sleep, too
FAILSLAB=/sys/kernel/debug/failslab
[ -d $FAILSLAB ] || skip_all "the kernel has no failslab"
echo 0 > $FAILSLAB/verbose
echo N > $FAILSLAB/ignore-gfp-wait
# shellcheck disable=SC2086 # WALKS: some of them
in_ns x python3 "$HERE/netlink-faults.py" ${WALKS:-} 2>&1 | sed -u 's/^/# /'
check "memory may run out anywhere" equal 0 "${PIPESTATUS[0]}"
echo Y > $FAILSLAB/ignore-gfp-wait
check "nothing lives after that" sas_balanced
finish
