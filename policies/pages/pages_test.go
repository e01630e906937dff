package pages_test

import (
	"path"
	"testing"

	"github.com/tokenaudit/tokenaudit/collectors"
	"github.com/tokenaudit/tokenaudit/collectors/builtin"
	"github.com/tokenaudit/tokenaudit/policies/engine"
	"github.com/tokenaudit/tokenaudit/policies/pages"
	"github.com/tokenaudit/tokenaudit/policies/policytest"
)

// The page next to a rule is made from its METADATA. -update writes it.
func TestPagesAreUpToDate(t *testing.T) {
	e, err := engine.Load(t.Context(), engine.LoadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	registry, err := collectors.NewRegistry(builtin.Definitions()...)
	if err != nil {
		t.Fatal(err)
	}
	for _, rule := range e.Known() {
		policytest.Golden(t, path.Join("../..", path.Dir(rule.File), "README.md"), []byte(pages.Page(rule, registry.Title)))
	}
}
