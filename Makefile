.PHONY: sarif-check
# The SARIF report, judged by the validator that the platforms name. Needs node.
sarif-check:
	report/testdata/sarif-check/check.sh

.PHONY: sdk-check
# The emulators, read by the CMSes' official SDKs. Needs node and npm.
sdk-check:
	cd collectors/emulator/sdkcheck && npm install --no-package-lock --ignore-scripts --no-audit --no-fund
	go test -tags sdkcheck -count=1 -v ./collectors/emulator/sdkcheck
