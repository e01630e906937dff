package collectors

import (
	"testing"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

func TestSummaryCheck(t *testing.T) {
	ok := Check{Name: "a", Status: CheckOK}
	warned := Check{Name: "w", Status: CheckWarning, Detail: "empty", Hint: "look"}
	failed := Check{Name: "f", Status: CheckFailed, Detail: "403", Hint: "grant", Class: inventory.ErrPermissionDenied}
	for name, tt := range map[string]struct {
		checks []Check
		want   Check
	}{
		"one":                   {[]Check{ok}, Check{Status: CheckOK, Detail: "1 space"}},
		"all well":              {[]Check{ok, ok}, Check{Status: CheckOK, Detail: "all 2 spaces"}},
		"a warning":             {[]Check{ok, warned}, Check{Status: CheckWarning, Detail: "not ok for 1 of 2 spaces: w: empty", Hint: "look"}},
		"the worst counts":      {[]Check{warned, failed, ok}, Check{Status: CheckFailed, Detail: "not ok for 2 of 3 spaces: w: empty; f: 403", Hint: "grant", Class: inventory.ErrPermissionDenied}},
		"only some are quoted":  {[]Check{failed, failed, failed, failed, failed}, Check{Status: CheckFailed, Detail: "not ok for 5 of 5 spaces: f: 403; f: 403; f: 403; and 2 more", Hint: "grant", Class: inventory.ErrPermissionDenied}},
		"nothing to sum up yet": {nil, Check{Status: CheckOK, Detail: "all 0 spaces"}},
	} {
		tt.want.Name = "sum"
		if got := SummaryCheck("sum", "space", tt.checks); got != tt.want {
			t.Errorf("%s: got %+v, want %+v", name, got, tt.want)
		}
	}
}
