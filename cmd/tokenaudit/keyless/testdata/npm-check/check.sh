#!/bin/sh
# Signs a bundle as an identity by the package sigstore of npm, and has it verified.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
cd "$here"
npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd ../../../../..
go build -o "$dir/tokenaudit" ./cmd/tokenaudit
cd "$dir"
./tokenaudit demo --quiet --save-inventory inventory.json -o json=report.json
./tokenaudit seal inventory.json --seal audit.tar
subject=https://github.com/acme/audits/.github/workflows/nightly.yml@refs/heads/main
issuer=https://token.actions.githubusercontent.com
node "$here/sign.mjs" audit.tar "$subject" "$issuer"
verify() {
	./tokenaudit verify "$1" --sigstore-bundle "$2" --trusted-root trusted_root.json --certificate-identity "$3" --certificate-oidc-issuer "$4" --re-derive
}
verify audit.tar audit.tar.sigstore.json "$subject" "$issuer"
verify audit.tar audit.tar.statement.sigstore.json "$subject" "$issuer"

# refused CODE ARGUMENTS... demands that verify ends with that code.
refused() {
	code=0 want=$1
	shift
	verify "$@" || code=$?
	[ "$code" = "$want" ] || { echo "verify $*: exit code $code, want $want"; exit 1; }
}
refused 1 audit.tar audit.tar.sigstore.json "$subject"x "$issuer"
refused 1 audit.tar audit.tar.sigstore.json "$subject" https://elsewhere.example.com
refused 2 audit.tar report.json "$subject" "$issuer"
./tokenaudit evaluate inventory.json --quiet --rule unused-token --seal other.tar -o json=/dev/null || [ $? = 1 ]
refused 1 other.tar audit.tar.sigstore.json "$subject" "$issuer"
refused 1 other.tar audit.tar.statement.sigstore.json "$subject" "$issuer"
mv trusted_root.json first.json
node "$here/sign.mjs" other.tar "$subject" "$issuer"
refused 1 audit.tar audit.tar.sigstore.json "$subject" "$issuer"
cat first.json >> trusted_root.json
verify audit.tar audit.tar.sigstore.json "$subject" "$issuer"
