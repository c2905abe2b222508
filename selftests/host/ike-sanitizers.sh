#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The host tests of the IKE library once more, compiled with the address and
# undefined behaviour sanitizers.
set -u
here=$(dirname "$(readlink -f "$0")")
top=$(readlink -f "$here/../..")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
n=0
failed=0

result() { # STATUS NAME
	n=$((n + 1))
	if [ "$1" = 0 ]; then
		echo "ok $n $2"
	else
		echo "not ok $n $2"
		failed=1
		tail -n 40 "$work/out" | sed 's/^/# /'
	fi
}

echo "KTAP version 1"
mkdir -p "$top/build"
tests=()
for f in "$here"/test-ike-*.c; do
	tests+=("$top/build/san/host/$(basename "${f%.c}")")
done
flock "$top/build/.lock-userspace" make -s -j "$(nproc)" -C "$top/userspace" SAN=1 \
	BUILD="$top/build" "${tests[@]}" > "$work/out" 2>&1
result $? "compiled with sanitizers"
if [ $failed = 0 ]; then
	for t in "${tests[@]}"; do
		"$t" > "$work/out" 2>&1
		result $? "$(basename "$t"): no finding"
	done
fi
echo "1..$n"
exit $failed
