package ruletest

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/tokenaudit/tokenaudit/policies/policytest"
	"github.com/tokenaudit/tokenaudit/policies/regofile"
)

// Complex rules and tests are refused with their place before they are compiled.
func TestComplexRules(t *testing.T) {
	nested := "x := " + strings.Repeat("[y | y := ", 30) + "1" + strings.Repeat("]", 30) + "\n"
	for name, files := range map[string]map[string]string{
		"a rule": {"ours.rego": policytest.CustomRule(policytest.DenyNames + nested)},
		"a lib":  {"ours.rego": policytest.CustomRule(policytest.DenyNames), "lib.rego": "package custom.lib\n\n" + nested},
		"a test": {"ours.rego": policytest.CustomRule(policytest.DenyNames), "ours_test.rego": "package custom.rules.ours_test\n\n" + nested},
	} {
		_, err := Run(t.Context(), []string{policytest.Write(t, files)}, Options{})
		if errs, ok := errors.AsType[regofile.LoadErrors](err); !ok || len(errs) != 1 || errs[0].Line == 0 || !strings.Contains(errs[0].Detail, "nested more than 8 levels deep") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// A rule that does not load in time is named, and the others are not.
func TestTestsLoadInTime(t *testing.T) {
	policytest.TimesOut(t, func(path string, limit time.Duration) error {
		_, err := Run(t.Context(), []string{path}, Options{LoadTimeout: limit})
		return err
	})
}
