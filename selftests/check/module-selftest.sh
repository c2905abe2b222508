#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The debug build of the module runs its tests when it is loaded, and refuses
# to load if one fails.
#
# Proves: E-05 to E-07 E-09 to E-13 E-21 E-22 E-25 E-33 E-42 E-55, B44 B45
set -u
ko=${VTUN_KO%/*}-debug/vtun.ko
echo "KTAP version 1"
if [ ! -e "$ko" ]; then
	echo "1..0 # SKIP $ko is not built"
	exit 4
fi
for dep in $(modinfo -F depends "$ko" | tr , ' '); do
	modprobe -q "$dep"
done
# hardware implementations, as a machine in use has them
modprobe -qa aesni_intel ghash_clmulni_intel chacha20poly1305
n=0 rc=0
insmod "$ko" || rc=1
while read -r name verdict; do
	n=$((n + 1))
	case $verdict in
	ok) echo "ok $n module selftest $name" ;;
	*) echo "not ok $n module selftest $name"; rc=1 ;;
	esac
done < <(dmesg | sed -n 's/.*vtun: selftest \([^:]*\): \(.*\)$/\1 \2/p')
echo "1..$n"
if [ "$n" = 0 ]; then
	echo "# no test was run"
	rc=1
fi
[ $rc = 0 ] || dmesg | tail -n 30 | sed 's/^/# /'
exit $rc
