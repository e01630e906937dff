#!/bin/sh
# Looks at the page of the demo in Chromium: whether axe-core finds anything that shuts
# people out, how many pages it is on paper, and whether it fits a phone.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
cd "$here"
npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
page=$(mktemp -d)
trap 'rm -rf "$page"' EXIT
cd ../../../..
go run ./cmd/tokenaudit demo --quiet -o html="$page/demo.html"
go test ./report/html -count=1 -v -run '^TestHTMLInABrowser$/^(demo|axe)$' -axe "$here/node_modules/axe-core/axe.min.js" -demo-page "$page/demo.html"
