package regofile

import (
	"slices"
	"strings"
	"testing"

	"github.com/tokenaudit/tokenaudit/policies/policytest"
)

// The golden file makes every change of what rules may call a visible decision,
// also when a new OPA brings new built-ins.
func TestAllowedBuiltinsAreFrozen(t *testing.T) {
	capabilities := Sandbox()
	var lines []string
	for _, builtin := range capabilities.Builtins {
		if builtin.Nondeterministic {
			t.Errorf("%s is not deterministic", builtin.Name)
		}
		lines = append(lines, builtin.Name+"\n")
	}
	slices.Sort(lines)
	policytest.Golden(t, "testdata/builtins.txt", []byte(strings.Join(lines, "")))
	if len(lines) != len(allowedBuiltins) {
		t.Errorf("%d of %d allowed built-ins exist", len(lines), len(allowedBuiltins))
	}
	if capabilities.AllowNet == nil || len(capabilities.AllowNet) != 0 {
		t.Errorf("AllowNet is %v: nil would allow every host", capabilities.AllowNet)
	}
}
