.PHONY: sarif-check
# The SARIF report, judged by the validator that the platforms name. Needs node.
sarif-check:
	report/testdata/sarif-check/check.sh
