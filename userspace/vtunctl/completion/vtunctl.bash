# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Completion of vtunctl for bash: words of the grammar, names of children and
# connections as the module and the daemon know them now.

_vtunctl_names() { # MEMBER of "show --json": children or ike
	command -v jq > /dev/null || return
	vtunctl show --json 2> /dev/null | jq -r "$1 | unique[]" 2> /dev/null
}

_vtunctl_children() { _vtunctl_names '[.children[] | select(.id) | .name]'; }
_vtunctl_conns() { _vtunctl_names '[.ike[].conn, .children[].ike.conn | values]'; }
_vtunctl_conn_children() {
	command -v jq > /dev/null || return
	vtunctl show --json 2> /dev/null | jq -r --arg c "$1" \
		'.children[].ike | select(.conn == $c) | .child' 2> /dev/null
}

_vtunctl_devices() {
	ip -o link show type vtun 2> /dev/null | sed 's/^[0-9]*: \([^:@]*\).*/\1/'
}

# words that may follow in "sa install", by what was said last
_vtunctl_install() {
	local limits='soft-time hard-time soft-bytes hard-bytes soft-packets
		hard-packets' i dir=
	for ((i = 0; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		in | out) dir=${COMP_WORDS[i]} ;;
		esac
	done
	case $dir in
	in) echo "spi suite key esn window seq $limits out" ;;
	out) echo "spi suite key esn seq $limits in" ;;
	*) echo "standby deadline prove in out" ;;
	esac
}

_vtunctl() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
	local verb=() word words=''
	for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
		case $word in
		-*) ;;
		*) verb+=("$word") ;;
		esac
	done
	COMPREPLY=()
	case $prev in
	--socket | key)
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return ;;
	esac
	case "${verb[*]:0:2} $prev" in
	*' dev') words=$(_vtunctl_devices) ;;
	*' suite') words='chacha20poly1305 aes128gcm16 aes256gcm16' ;;
	*' child' | 'child del '*)
		[ "${#verb[@]}" -lt 2 ] || words="$(_vtunctl_children)" ;;
	esac
	if [ -z "$words" ]; then
		case "${verb[*]:0:2}" in
		'') words='child sa spi flush show monitor up down rekey reload
			genkey pubkey version help --json --socket --help' ;;
		child) words='add del' ;;
		sa) words='install activate del' ;;
		spi) words=alloc ;;
		'child add')
			[ "${#verb[@]}" = 2 ] ||
			words='dev local remote id local-ts remote-ts on-demand
				hold-packets hold-bytes hold-ms' ;;
		'sa install')
			if [ "${#verb[@]}" = 2 ]; then words=child
			else words=$(_vtunctl_install); fi ;;
		'sa activate') words='child spi' ;;
		'sa del') words='in out child spi' ;;
		'spi alloc') words='child min max --json' ;;
		show) words="children sas ike info --json $(_vtunctl_children)
			$(_vtunctl_conns)" ;;
		'show '*) words="--json $(_vtunctl_children) $(_vtunctl_conns)" ;;
		monitor*) words='--count --timeout --json' ;;
		up | down | rekey) words=$(_vtunctl_conns) ;;
		up\ * | down\ * | rekey\ *)
			words=$(_vtunctl_conn_children "${verb[1]}") ;;
		esac
	fi
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}

complete -F _vtunctl vtunctl
