#!/bin/sh
# Scans, and tells the targets of notify in the configuration what is new since the night
# before. Run it in a folder that stays: report.json is the memory.
#
#     nightly.sh CONFIGURATION
#
# It exits as the scan does: 0, 1 for findings, 2 for a mistake, 3 for lists that could not
# be read.
set -eu

set -- -c "${1:-tokenaudit.yaml}"
if [ -f report.json ]; then
	# It may be incomplete: what a night could not read stays known from the nights before.
	set -- "$@" --baseline report.json --allow-incomplete-baseline
fi

rm -f report.new.json
code=0
tokenaudit scan "$@" --notify -o json=report.new.json -o tsv=findings.tsv || code=$?

# A mistake writes no report, and keeps the last one.
if [ -f report.new.json ]; then
	mv report.new.json report.json
fi
exit "$code"
