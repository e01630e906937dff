package decisions

import (
	"context"
	"errors"
	"strings"

	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/program"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/report"
)

// known is what the saved inventories or the saved report have.
type known struct {
	// sources is nil where neither was given.
	sources program.Sources
	// report is nil where none was given.
	report *report.Report
}

// read opens the saved inventories, or reads the saved report.
func (o placed) read(ctx context.Context) (known, error) {
	switch {
	case o.report != "":
		r, err := o.program.Saved().Report(ctx, o.report)
		if err != nil {
			return known{}, err
		}
		return known{program.Of(sourcesOf(r)), r}, nil
	case len(o.inventories) > 0:
		files, err := o.program.Saved().Inventories(ctx, o.inventories)
		if err != nil {
			return known{}, err
		}
		return known{sources: func(ctx context.Context, take func(inventory.Source) error) error {
			return errors.Join(files.Read(ctx, take), files.Close())
		}}, nil
	}
	return known{}, nil
}

// sourcesOf returns the sources of a report with their tokens; where it was written without
// tokens, with those that have findings.
func sourcesOf(r *report.Report) []inventory.Source {
	sources := make([]inventory.Source, len(r.Sources))
	at := map[string]int{}
	for i := range r.Sources {
		sources[i] = r.Sources[i].Source
		sources[i].Tokens = nil
		at[sources[i].ID] = i
	}
	add := func(t inventory.Token) {
		if i, ok := at[t.Source]; ok {
			sources[i].Tokens = append(sources[i].Tokens, t)
		}
	}
	for i := range r.Tokens {
		add(r.Tokens[i].Token)
	}
	if r.Tokens != nil {
		return sources
	}
	seen := map[string]bool{}
	for _, f := range r.Findings {
		if f.Token != "" && !seen[f.Token] {
			seen[f.Token] = true
			add(inventory.Token{ID: f.Token, Name: f.TokenName, Source: f.Source})
		}
	}
	return sources
}

// from names where something was looked for.
func (o placed) from() string {
	if o.report != "" {
		return o.report
	}
	return strings.Join(o.inventories, ", ")
}
