// NIST's JSON Schema of OSCAL is in this module. It is in a module of its own here, as
// only a check reads it.
module github.com/tokenaudit/tokenaudit/ci/oscal

go 1.26.0

require github.com/defenseunicorns/go-oscal v0.7.1
