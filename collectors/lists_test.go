package collectors

import (
	"slices"
	"testing"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// A source that leaves out a list that its CMS always has is not whole.
func TestListed(t *testing.T) {
	t.Parallel()
	d := definitionOf(t, "paper", nil)
	d.Kinds = map[inventory.SourceKind][]inventory.Kind{inventory.KindSpace: {inventory.Delivery, inventory.Management}}
	registry := registryOf(t, d)
	whole := source("paper/a")
	whole.Units = []inventory.Unit{inventory.CompleteUnit("keys", inventory.Delivery), inventory.CompleteUnit("tokens", inventory.Management)}
	if got := registry.Listed(whole); len(got.Units) != 2 {
		t.Errorf("a whole source got %+v", got.Units)
	}
	lacking := whole
	lacking.Units = whole.Units[:1]
	got := registry.Listed(lacking)
	if len(got.Units) != 2 || got.Units[1].Status != inventory.UnitFailed || !slices.Equal(got.Units[1].Kinds, []inventory.Kind{inventory.Management}) {
		t.Errorf("a source without its management tokens got %+v", got.Units)
	}
	if again := registry.Listed(got); len(again.Units) != 2 {
		t.Errorf("the second time it got %+v", again.Units)
	}
	if whole.Units[1].Status != inventory.UnitComplete {
		t.Error("the units of the source given were changed")
	}
	foreign := lacking
	foreign.CMS = "pressroom"
	if got := registry.Listed(foreign); len(got.Units) != 1 {
		t.Errorf("a source of an unknown CMS got %+v", got.Units)
	}
}
