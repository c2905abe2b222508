# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Packages of another suite without touching the system's apt: a private set
# of lists in the cache. Sourced by kernel and tree.

# shellcheck disable=SC2034 # used by who sources this
CACHE=${VTUN_CACHE:-${HOME:-/root}/.cache/vtun}
keyring=/usr/share/keyrings/debian-archive-keyring.gpg

say() { echo "${0##*/}: $*" >&2; }
die() { say "$@"; exit 1; }

# The mirror this machine uses for Debian itself, or for security updates
mirror() { # security|main
	# shellcheck disable=SC2016 # apt expands these
	apt-get indextargets \
		--format '$(ORIGIN) $(RELEASE) $(REPO_URI)' \
		'Created-By: Packages' 2>/dev/null |
	awk -v want="$1" '
		{ sec = $2 ~ /security/ }
		$1 == "Debian" && sec == (want == "security") { print $3; exit }'
}

# Prints the sources.list lines for suites such as "bookworm-backports"
sources_for() {
	local suite uri opt=
	[ -e "$keyring" ] && opt="[signed-by=$keyring] "
	for suite; do
		case $suite in
		*-security) uri=$(mirror security) ;;
		*) uri=$(mirror main) ;;
		esac
		if [ -z "$uri" ]; then
			case $suite in
			*-security) continue ;;
			esac
			die "no Debian mirror among this machine's apt sources" \
				"(or no lists yet: run apt-get update)"
		fi
		echo "deb $opt$uri $suite main"
	done
}

# Makes a private apt configuration in a folder and reads the lists
private_apt() { # DIR SUITE...
	local dir=$1 arch
	shift
	arch=$(dpkg --print-architecture)
	mkdir -p "$dir"/lists/partial "$dir"/archives/partial "$dir"/etc
	sources_for "$@" > "$dir/sources.list"
	cat > "$dir/apt.conf" <<-EOF
	APT::Architecture "$arch";
	APT::Get::AllowUnauthenticated "false";
	Acquire::Languages "none";
	APT::Sandbox::User "";
	Dir::Etc::sourcelist "$dir/sources.list";
	Dir::Etc::sourceparts "/dev/null";
	Dir::Etc::preferencesparts "/dev/null";
	Dir::State::Lists "$dir/lists";
	Dir::State::status "/dev/null";
	Dir::Cache "$dir";
	EOF
	export APT_CONFIG=$dir/apt.conf
	apt-get -q=2 update >&2 || die "apt-get update failed for: $*"
}

# What a package depends on by that pattern, newest first
depends_on() { # PACKAGE PATTERN
	apt-cache depends "$1" | awk -v p="$2" '$1 == "Depends:" && $2 ~ p { print $2; exit }'
}
