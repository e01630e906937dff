#!/bin/sh
# Writes SARIF files of every kind and has them judged by the JSON Schema of
# SARIF and by the validator that GitHub and GitLab name. Any error or warning fails.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
cd "$here"
npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
multitool=$(node -p "require('@microsoft/sarif-multitool')")
chmod u+x "$multitool"
files=$(mktemp -d)
trap 'rm -rf "$files"' EXIT
cd ../../../..
go test ./report/sarif -count=1 -run '^TestSARIFFiles$' -sarif-dir "$files" -sarif-schema "$(dirname "$multitool")/sarif-2.1.0.json"
failed=0
for file in "$files"/*.sarif "$@"; do
	if ! findings=$("$multitool" validate --config "$here/config.xml" --max-file-size-in-kb 102400 --rule-kind "Sarif;Ghas" "$file" 2>&1); then
		echo "$findings"; failed=1
	elif echo "$findings" | grep -v WRN999.RuleExplicitlyDisabled | grep -E ': (error|warning) '; then
		failed=1
	elif ! echo "$findings" | grep -q '1 files scanned'; then
		echo "$file was not scanned:"; echo "$findings"; failed=1
	else
		echo "ok $(basename "$file")"
	fi
done
exit $failed
