#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A short run of every fuzz target of the IKE library from its seed inputs.
# TIME=SECONDS each, default 3.
set -u
here=$(dirname "$(readlink -f "$0")")
top=$(readlink -f "$here/../..")
fuzz=$top/userspace/ike/fuzz
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
	fi
}

echo "KTAP version 1"
echo 'int main(void) { return 0; }' > "$work/a.c"
if ! clang -fsanitize=fuzzer-no-link,address -o "$work/a" "$work/a.c" \
	2> "$work/err"; then
	echo "1..0 # SKIP clang with its sanitizers is missing"
	exit 4
fi
make -s -j "$(nproc)" -C "$fuzz" build > "$work/out" 2>&1
rc=$?
result $rc "targets compile"
[ $rc = 0 ] || sed 's/^/# /' "$work/out"
[ $rc = 0 ] || { echo "1..$n"; exit 1; }

make -s -C "$fuzz" corpus DIR="$work/corpus" \
	> "$work/out" 2>&1 && diff -r "$work/corpus" "$fuzz/corpus" \
	>> "$work/out" 2>&1
rc=$?
result $rc "seed inputs are what the tool writes"
[ $rc = 0 ] || sed 's/^/# /' "$work/out"

for dir in "$fuzz"/corpus/*/; do
	name=$(basename "$dir")
	make -s -C "$fuzz" TIME="${TIME:-3}" "run-$name" > "$work/out" 2>&1
	rc=$?
	result $rc "fuzz $name: $(sed -n 's/.*: //p' "$work/out" | tail -n 1)"
	[ $rc = 0 ] || tail -n 40 "$work/out" | sed 's/^/# /'
done
echo "1..$n"
exit $failed
