#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# vtkeyd -n: a file with an error on each line, where "#! TEXT" says which one
# is expected; the example; the manual page against the table of keys.
# usage: keyd-config.sh [VTKEYD]
set -u
here=$(dirname "$(readlink -f "$0")")
top=$(readlink -f "$here/../..")
vtkeyd=${1:-$top/build/bin/vtkeyd}
bad=$here/keyd/bad.conf
example=$top/userspace/vtkeyd/vtkeyd.conf.example
man5=$top/Documentation/man/vtkeyd.conf.5
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
"$vtkeyd" -n -v -c "$bad" > "$work/out" 2> "$work/err"
status=$?
[ "$status" = 1 ]
result $? "a file with errors is refused (status $status)"
[ ! -s "$work/out" ]
result $? "nothing of it is printed as in force"
! grep -qE 'Sanitizer|runtime error' "$work/err"
result $? "no sanitizer report"

lines=0
missing=0
expected=0
while IFS= read -r line; do
	lines=$((lines + 1))
	case $line in *'#! '*) ;; *) continue ;; esac
	expected=$((expected + 1))
	want=${line##*'#! '}
	if ! grep -F "$bad:$lines: error: " "$work/err" | grep -qF -- "$want"
	then
		echo "# line $lines: not found: $want"
		missing=$((missing + 1))
	fi
done < "$bad"
[ $missing = 0 ] && [ $expected -gt 50 ]
result $? "each of $expected errors has its line and its text"

grep ': error: ' "$work/err" | sed "s|^$bad:\([0-9]*\):.*|\1|" | sort -un \
	> "$work/found"
grep -n '#! ' "$bad" | cut -d: -f1 | sort -un > "$work/wanted"
extra=$(comm -23 <(sort "$work/found") <(sort "$work/wanted") | tr '\n' ' ')
[ -z "$extra" ]
result $? "no error where there is none${extra:+: lines $extra}"

cp "$example" "$work/example.conf"
chmod 600 "$work/example.conf"
"$vtkeyd" -n -v -c "$work/example.conf" > "$work/out" 2> "$work/err"
result $? "the example is without error"
[ ! -s "$work/err" ]
result $? "and without warning"
grep -q 'keepalive .*yes .*implied by auto-negotiate' "$work/out" &&
	grep -q 'keylife-type .*seconds .*# default' "$work/out"
result $? "implied values and defaults are marked"
! grep -q 'replace me' "$work/out"
result $? "keys are not printed"

"$vtkeyd" -n -c "$work/none.conf" 2> "$work/err"
[ $? = 1 ] && grep -q 'No such file' "$work/err"
result $? "a missing file is refused"
"$vtkeyd" --no-such-option 2> "$work/err"
[ $? = 2 ] && grep -q usage "$work/err"
result $? "an unknown option is a usage error"

# every key of the table, with its default and its words, is in the manual
sed 's/\\-/-/g' "$man5" > "$work/man"
"$vtkeyd" --list-keys > "$work/keys"
undocumented=
while IFS=$'\t' read -r block key _ def range; do
	para=$(awk -v key="$key" '
		/^\.TP/ { if (found) exit; pending = 1; next }
		/^\.SH/ { if (found) exit }
		pending { pending = 0
			  if ($0 ~ "^\\.BI? ?R? *" key " " ||
			      $0 ~ "^\\.BR " key " ") found = 1 }
		found' "$work/man")
	text=${para//$'\n'/ }
	[ -n "$para" ] || { undocumented+=" $block/$key"; continue; }
	case $def in
	-) ;;
	*) [[ $text == *"$def"* ]] || undocumented+=" $block/$key:default" ;;
	esac
	IFS='|' read -ra words <<< "$range"
	[ ${#words[@]} -le 1 ] || for w in "${words[@]}"; do
		[[ $text == *"$w"* ]] || undocumented+=" $block/$key:$w"
	done
done < "$work/keys"
[ -z "$undocumented" ]
result $? "every key is in the manual page${undocumented:+: missing$undocumented}"
echo "1..$n"
exit $failed
