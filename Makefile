# Every check of the project. `make check` runs those that need nothing but Go;
# .ci/run runs all of them on a clean clone.

GOLANGCI_LINT_VERSION = v2.15.0
CONFTEST_VERSION = v0.71.1
FUZZTIME ?= 60s

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "%-22s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: check
check: vet lint lint-rego rego-check test ## vet, lint, Rego checks and tests: what needs nothing but Go

# The program as it is shipped: static, so that it runs in an empty image too.
.PHONY: build
build: ## build bin/tokenaudit
	CGO_ENABLED=0 go build -trimpath -ldflags="-s -w" -o bin/tokenaudit ./cmd/tokenaudit

# DESTDIR, if it is set, is put before PREFIX, as packagers know it.
PREFIX ?= /usr/local

.PHONY: install
install: build ## install to PREFIX/bin (default /usr/local)
	install -d "$(DESTDIR)$(PREFIX)/bin"
	install -m 755 bin/tokenaudit "$(DESTDIR)$(PREFIX)/bin/tokenaudit"

# The tests, as in the README.
.PHONY: test
test: ## the tests, as in the README
	go test ./...

# The packages that start goroutines or are made for several: the detector has nothing to
# find in the others, which it makes several times slower.
.PHONY: race
race: ## the tests with the race detector, of packages where something is concurrent
	grep -rlE --include='*.go' '^[[:space:]]+go (func|[a-z])|sourcegraph/conc|sync\.(Mutex|RWMutex|WaitGroup|Map|Pool)|"sync/atomic"' cmd collectors policies report | \
		sed 's|^\(.*\)/[^/]*$$|./\1|' | sort -u | xargs go test -race -short -timeout 20m

# The tags of the checks that need more than Go; .golangci.yml has them too.
TAGS = integration,sdkcheck,benchcollect,benchrules,dockerfile

.PHONY: vet
vet: ## go vet, the checks behind build tags included
	go vet -tags $(TAGS) ./...

# The linter of the pinned version, installed below bin/ by its module path.
LINTER = bin/golangci-lint-$(GOLANGCI_LINT_VERSION)

$(LINTER):
	GOBIN="$(CURDIR)/bin" go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_LINT_VERSION)
	mv bin/golangci-lint $@

.PHONY: lint
lint: $(LINTER) ## golangci-lint of the pinned version
	$(LINTER) run ./...

# The Rego of the built-in rules through OPA's own library: strict compilation,
# format, tests with coverage, and the conventions of the rule folders.
.PHONY: rego-check
rego-check: ## format, strict compilation, tests and conventions of the built-in rules
	go run ./cmd/tokenaudit rules test

# The linter of Rego, built in the version that .ci/regal/go.mod pins; .regal/config.yaml
# says what it leaves out, and why.
REGAL_VERSION = $(shell sed -n 's|.*open-policy-agent/regal \(v[^ ]*\).*|\1|p' .ci/regal/go.mod)
REGAL = bin/regal-$(REGAL_VERSION)

$(REGAL):
	go build -C .ci/regal -o "$(CURDIR)/$@" github.com/open-policy-agent/regal

.PHONY: lint-rego
lint-rego: $(REGAL) ## regal on all Rego, and on what rules new writes
	$(REGAL) lint policies examples/rules
	rm -rf bin/_newrule && go run ./cmd/tokenaudit rules new --quiet --dir bin/_newrule some-rule && $(REGAL) lint bin/_newrule

# Every fuzz target for FUZZTIME, two at a time.
.PHONY: fuzz
fuzz: ## every fuzz target for FUZZTIME (60s)
	@grep -rEo --include='*_test.go' '^func Fuzz[A-Za-z0-9]+' cmd collectors policies report | \
		sed 's|^\(.*\)/[^/]*:func \(.*\)|./\1 \2|' | sort -u | \
		sed 's|$$| $(FUZZTIME)|' | xargs -P 2 -L 1 .ci/fuzz

.PHONY: bench
bench: ## the benchmarks of the packages
	go test -run '^$$' -bench . -benchmem ./...

# A year of nightly runs over 10,000 tokens in a store: its size, and what a run with it costs
# next to the judging. It takes some minutes.
.PHONY: bench-store
bench-store: ## how large a store gets in a year, and what it costs
	go test -run '^$$' -bench '^BenchmarkYear$$' -benchtime 1x -timeout 30m ./cmd/tokenaudit/store

# The SARIF report, judged by the validator that the platforms name. Needs node.
.PHONY: sarif-check
sarif-check: ## SARIF files, judged by the validator of the platforms (node)
	report/sarif/testdata/sarif-check/check.sh

# OSCAL documents of every kind, judged by NIST's JSON Schema. It is not part of the project:
# it comes from the module that .ci/oscal/go.mod pins, or is the file that OSCAL_SCHEMA names.
OSCAL_SCHEMA ?= $(shell go -C .ci/oscal mod download github.com/defenseunicorns/go-oscal && go -C .ci/oscal list -m -f '{{.Dir}}' github.com/defenseunicorns/go-oscal)/src/internal/schemas/oscal_complete_schema-1-2-2.json

.PHONY: oscal-check
oscal-check: ## OSCAL documents, judged by NIST's schema
	rm -rf bin/_oscal && mkdir -p bin/_oscal
	go run ./cmd/tokenaudit demo --quiet -o oscal=bin/_oscal/demo.json
	go test ./report/oscal -count=1 -run '^TestOSCALFiles$$' -oscal-schema "$(abspath $(OSCAL_SCHEMA))" -oscal-files "$(CURDIR)/bin/_oscal/*.json"

# A bundle signed as an identity by sigstore's own package, with its mocks of Fulcio and
# Rekor. Needs node and npm.
.PHONY: keyless-check
keyless-check: ## a keyless signature by the package sigstore of npm, verified (node)
	cmd/tokenaudit/keyless/testdata/npm-check/check.sh

# The page of the demo, judged by axe-core in Chromium, on a phone and on paper. Needs
# chromium, node and npm.
.PHONY: html-check
html-check: ## the HTML page of the demo, by axe-core, on a phone and on paper (chromium, node)
	report/html/testdata/html-check/check.sh

# The emulators, read by the CMSes' official SDKs. Needs node and npm.
.PHONY: sdk-check
sdk-check: ## the emulators, read by the official SDKs (node)
	cd collectors/emulator/sdkcheck && npm install --no-package-lock --ignore-scripts --no-audit --no-fund
	go test -tags sdkcheck -count=1 -v ./collectors/emulator/sdkcheck

# How close collecting comes to what the published limits allow, on the
# emulators over loopback, and how its cost grows with the number of sources.
.PHONY: bench-collect
bench-collect: ## how close collecting comes to the published rate limits
	go test -tags benchcollect -count=1 -v -run '^TestBench' -timeout 20m ./collectors/builtin

# What judging costs: tokenaudit, opa eval, conftest and plain Go on the same
# rules and tokens, and whether the targets are met. The first run builds the
# other two below bin/, opa in the version that is built in; a run then takes
# about a quarter of an hour, 7 GiB of memory and 3 GB of TMPDIR.
OPA_VERSION = $(shell go list -m -f '{{.Version}}' github.com/open-policy-agent/opa)
CONFTEST = bin/conftest-$(CONFTEST_VERSION)

$(CONFTEST):
	GOBIN="$(CURDIR)/bin" go install github.com/open-policy-agent/conftest@$(CONFTEST_VERSION)
	mv bin/conftest $@

.PHONY: bench-rules
bench-rules: $(CONFTEST) ## what judging costs, against opa eval and conftest
	go build -o bin/tokenaudit ./cmd/tokenaudit
	test -x bin/opa-$(OPA_VERSION) || { GOBIN="$(CURDIR)/bin" go install github.com/open-policy-agent/opa@$(OPA_VERSION) && mv bin/opa bin/opa-$(OPA_VERSION); }
	BENCH_TOKENAUDIT="$(CURDIR)/bin/tokenaudit" BENCH_OPA="$(CURDIR)/bin/opa-$(OPA_VERSION)" BENCH_CONFTEST="$(CURDIR)/$(CONFTEST)" \
		go test -tags benchrules -count=1 -v -run '^TestBenchRules$$' -timeout 2h ./policies/engine

# The collectors of self-hosted CMSes, against the programs themselves: real
# servers on loopback, seeded through their APIs. Needs node, npm and, for
# WordPress, Debian's packages, which it installs as root. What is installed goes
# to INTEGRATION, whose _ hides it from Go, and is used again; STRAPI_DIR,
# WORDPRESS_DIR, DIRECTUS_DIR and GHOST_DIR name folders that were installed
# elsewhere. DIRECTUS_ENV gives Directus another, empty, database than SQLite, such
# as "DB_CLIENT=pg DB_HOST=127.0.0.1 DB_PORT=5432 DB_DATABASE=it DB_USER=it DB_PASSWORD=it".
INTEGRATION ?= $(CURDIR)/bin/_integration
STRAPI_DIR ?= $(INTEGRATION)/strapi
WORDPRESS_DIR ?= $(INTEGRATION)/wordpress
DIRECTUS_DIR ?= $(INTEGRATION)/directus
GHOST_DIR ?= $(INTEGRATION)/ghost
INTEGRATION_TEST = go test -tags integration -count=1 -timeout 10m ./collectors/integration

.PHONY: integration
integration: ## real Strapi and WordPress, seeded and scanned (node, root)
	$(if $(filter $(INTEGRATION)/strapi,$(STRAPI_DIR)),collectors/integration/install.sh $(INTEGRATION) strapi)
	$(if $(filter $(INTEGRATION)/wordpress,$(WORDPRESS_DIR)),collectors/integration/install.sh $(INTEGRATION) wordpress)
	STRAPI_DIR=$(STRAPI_DIR) WORDPRESS_DIR=$(WORDPRESS_DIR) $(INTEGRATION_TEST) -run '^(TestStrapi|TestWordPress)$$'

# The same, and the CMSes whose installation takes longer.
.PHONY: integration-all
integration-all: integration integration-directus integration-ghost ## the same, and Directus and Ghost

.PHONY: integration-directus
integration-directus: ## real Directus, seeded and scanned
	$(if $(filter $(INTEGRATION)/directus,$(DIRECTUS_DIR)),collectors/integration/install.sh $(INTEGRATION) directus)
	DIRECTUS_DIR=$(DIRECTUS_DIR) $(INTEGRATION_TEST) -run '^TestDirectus$$'

.PHONY: integration-ghost
integration-ghost: ## real Ghost, seeded and scanned
	$(if $(filter $(INTEGRATION)/ghost,$(GHOST_DIR)),collectors/integration/install.sh $(INTEGRATION) ghost)
	GHOST_DIR=$(GHOST_DIR) $(INTEGRATION_TEST) -run '^TestGhost$$'

# The examples: workflows by actionlint, and what examples/check asks of them and
# of the tools that read them. What of gh, pre-commit, shellcheck, systemd-analyze
# and npm is not there is left out; .ci/run installs them.
.PHONY: examples-check
examples-check: ## the examples: workflows, manifests, units, scripts
	go run github.com/rhysd/actionlint/cmd/actionlint@v1.7.12 -pyflakes= $(filter-out %/action.yml,$(wildcard examples/*/github/*.yml))
	cd examples/check && go vet ./... && go test -count=1 -timeout 30m ./...
	go test -tags dockerfile -count=1 ./examples/docker
