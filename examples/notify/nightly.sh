#!/bin/sh
# Scans, and tells the targets of notify in the configuration what is new since the last
# scan that saw everything. Run it in a folder that stays: report.json is the memory.
#
#     nightly.sh CONFIGURATION
#
# It exits as the scan does: 0, 1 for findings, 2 for a mistake, 3 for lists that could not
# be read.
set -eu

set -- -c "${1:-tokenaudit.yaml}"
if [ -f report.json ]; then
	set -- "$@" --baseline report.json
fi

code=0
tokenaudit scan "$@" --notify -o json=report.new.json -o tsv=findings.tsv || code=$?

# A report that did not see everything is no baseline: what it lacks would look new.
if [ -f report.new.json ] && grep -q '^  "complete": true' report.new.json; then
	mv report.new.json report.json
fi
rm -f report.new.json
exit "$code"
