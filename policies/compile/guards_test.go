package compile

import (
	"testing"

	"github.com/tokenaudit/tokenaudit/policies/regofile"
)

// Every guard is for a function that rules may call.
func TestGuardsAreForAllowedFunctions(t *testing.T) {
	for name := range guards {
		if !regofile.Allowed(name) {
			t.Errorf("%s is guarded, and not allowed", name)
		}
	}
}
