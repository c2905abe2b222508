# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Nested KTAP for who runs test programs: each becomes a subtest, its lines
# indented by two columns, its exit status the result (4: skipped).

ktap_n=0 ktap_failed=0

ktap_result() { # STATUS NAME [DIAGNOSTIC]
	ktap_n=$((ktap_n + 1))
	case $1 in
	0) echo "ok $ktap_n $2${3:+ # $3}" ;;
	4) echo "ok $ktap_n $2 # SKIP ${3:-}" ;;
	*)
		ktap_failed=$((ktap_failed + 1))
		echo "not ok $ktap_n $2${3:+ # $3}"
		;;
	esac
}

# ktap_run LIMIT NAME COMMAND...: a test program as a subtest
ktap_run() {
	local limit=$1 name=$2 rc=0 t=$SECONDS why
	shift 2
	echo "# $name"
	set -o pipefail
	timeout -k 10 "$limit" "$@" 2>&1 < /dev/null | sed -u 's/^/  /' || rc=$?
	set +o pipefail
	why="$((SECONDS - t)) s"
	case $rc in
	124|137) why="no end after $limit s" ;;
	[0-4]) ;;
	*) why="status $rc, $why" ;;
	esac
	ktap_result "$rc" "$name" "$why"
}
