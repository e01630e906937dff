package collectors

import (
	"context"
	"maps"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/collectors/labels"
)

func TestLabelsRestrictARun(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		wanted   labels.Selector
		want     []string
		warnings []string
	}{
		"all":             {nil, []string{"paper/ops", "paper/plain", "paper/web"}, nil},
		"one":             {labels.Selector{"team=web"}, []string{"paper/web"}, nil},
		"or":              {labels.Selector{"team=ops", "team=web"}, []string{"paper/ops", "paper/web"}, nil},
		"and":             {labels.Selector{"env=prod", "team=ops"}, []string{"paper/ops"}, nil},
		"a typo":          {labels.Selector{"team=wep"}, nil, []string{`no source has the label "team=wep"; did you mean team=web?`}},
		"another":         {labels.Selector{"zone=somewhere"}, nil, []string{`no source has the label "zone=somewhere"; the labels are env=prod, team=ops, team=web`}},
		"one of two":      {labels.Selector{"team=web", "team=wep"}, []string{"paper/web"}, []string{`no source has the label "team=wep"; did you mean team=web?`}},
		"not both at one": {labels.Selector{"env=prod", "team=web"}, nil, []string{"no source has all of the given labels: env=prod, team=web"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var opened atomic.Int32
			papers, entries := map[int]Collector{}, []Entry{}
			for i, of := range []map[string]string{{"team": "web"}, {"team": "ops", "env": "prod"}, nil} {
				id := []string{"paper/web", "paper/ops", "paper/plain"}[i]
				papers[i+1] = paper{discover: func(ctx context.Context) ([]inventory.Source, error) {
					opened.Add(1)
					return found(id)(ctx)
				}}
				e := entry("paper", i+1)
				e.Labels = of
				entries = append(entries, e)
			}
			got, result := gather(t.Context(), t, Options{
				Registry: registryOf(t, definitionOf(t, "paper", papers)), Entries: entries, Labels: test.wanted, Run: Run{}})
			if diff := cmp.Diff(test.want, slices.Sorted(maps.Keys(got))); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(test.warnings, result.Warnings); diff != "" {
				t.Error(diff)
			}
			if int(opened.Load()) != len(test.want) {
				t.Errorf("%d entries were asked for %d sources", opened.Load(), len(test.want))
			}
		})
	}
}
