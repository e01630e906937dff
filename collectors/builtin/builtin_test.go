package builtin

import "testing"

func TestBuiltInDefinitionsAreValid(t *testing.T) {
	t.Parallel()
	if _, err := Registry(); err != nil {
		t.Error(err)
	}
}
