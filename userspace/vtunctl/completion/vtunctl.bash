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
	local limits='soft-time hard-time soft-idle hard-idle soft-bytes
		hard-bytes soft-packets hard-packets margin' i dir=
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

_vtunctl_suites() {
	printf '%s ' {chacha20poly1305,aes{128,192,256}gcm16}{,-iiv} \
		aes{128,192,256}cbc-sha{1,256,384,512}
}

_vtunctl() {
	local settings='local remote local-ts remote-ts encap local-port
		remote-port keepalive df dscp mss mark link hold-packets
		hold-bytes hold-ms on-demand follow-peer decap-dscp no-ecn'
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
	*' suite') words=$(_vtunctl_suites) ;;
	*' mode') words='tunnel transport' ;;
	*' encap') words='udp none' ;;
	*' df') words='copy set clear' ;;
	*' dscp') words=copy ;;
	*' mss') words='off auto' ;;
	*' child' | 'child del '* | 'child set set')
		[ "${#verb[@]}" -lt 2 ] || words="$(_vtunctl_children)" ;;
	esac
	if [ -z "$words" ]; then
		case "${verb[*]:0:2}" in
		'') words='child sa spi policy socket batch flush show monitor up down rekey reload
			genkey pubkey version help --json --socket --help' ;;
		child) words='add set del' ;;
		sa) words='install activate set del' ;;
		policy) words='add del list flush' ;;
		socket) words='add del list' ;;
		spi) words=alloc ;;
		'child add')
			[ "${#verb[@]}" = 2 ] ||
			words="dev id mode $settings" ;;
		'child set') [ "${#verb[@]}" = 2 ] || words=$settings ;;
		'policy add')
			words='protect bypass discard child local remote
				priority id --json' ;;
		'policy list' | 'socket list') words=--json ;;
		'socket add' | 'socket del') words='local port' ;;
		batch*) compopt -o default ;;
		'sa install')
			if [ "${#verb[@]}" = 2 ]; then words=child
			else words=$(_vtunctl_install); fi ;;
		'sa activate') words='child spi' ;;
		'sa del') words='in out child spi' ;;
		'sa set') words='in out child spi soft-time hard-time soft-idle
			hard-idle soft-bytes hard-bytes soft-packets
			hard-packets margin' ;;
		'spi alloc') words='child min max --json' ;;
		show) words="children sas ike info policies sockets --json $(_vtunctl_children)
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
