# The same for conftest, which takes each element of deny for one failure.
package main

deny contains failure if {
	some finding in data.bench.findings
	failure := {"msg": finding.finding.message, "rule": finding.rule, "source": finding.source, "finding": finding.finding}
}

deny contains failure if {
	some gap in data.bench.gaps
	failure := {"msg": gap.gap.reason, "rule": gap.rule, "source": gap.source, "gap": gap.gap}
}
