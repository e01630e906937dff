package store

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/store/observation"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/report"
	"github.com/tokenaudit/tokenaudit/report/safetext"
)

// What a run saw, as package observation defines it.
type (
	// Observation is what one run saw and judged: all that the history is made of.
	Observation = observation.Observation
	// Run is a run without what it saw.
	Run = observation.Run
	// Source is a source as a run read it.
	Source = observation.Source
	// Token is a token as a run saw it.
	Token = observation.Token
	// Finding is a finding as a run had it.
	Finding = observation.Finding
	// Waiver says who accepted a finding, and until when.
	Waiver = observation.Waiver
	// File is a file that verdicts rest on.
	File = observation.File
	// Input is what an observation is made of.
	Input = observation.Input
)

// Observe returns what a run saw.
func Observe(in Input) (*Observation, error) { return observation.Observe(in) }

// readSource is a source as a run read it, with its lists.
type readSource struct {
	*Source

	units report.Source
}

// world answers what a run saw of something.
type world struct {
	o       *Observation
	sources map[string]*readSource
	tokens  map[string]*Token
	rules   map[string]string
	// lost are the CMSes of which sources may not have been found.
	lost map[string]bool
	// readWith returns the digest of the configuration with which a source was read last before
	// the run; empty where it was not.
	readWith func(source string) string
}

func newWorld(o *Observation) (*world, error) {
	w := &world{o: o, sources: map[string]*readSource{}, tokens: make(map[string]*Token, len(o.Tokens)), rules: map[string]string{}, lost: map[string]bool{}}
	for i := range o.Sources {
		s := &readSource{Source: &o.Sources[i]}
		if err := json.Unmarshal([]byte(s.Content), &s.units.Source); err != nil {
			return nil, fmt.Errorf("the source %s in the store: %w", safetext.OneLine(s.ID), err)
		}
		w.sources[s.ID] = s
		if report.LacksSources(&s.units) {
			w.lost[s.CMS] = true
		}
	}
	for i := range o.Tokens {
		w.tokens[o.Tokens[i].ID] = &o.Tokens[i]
	}
	for _, r := range o.Run.Rules {
		w.rules[r.ID] = r.Definition
	}
	return w, nil
}

// columns are what the views show of a token.
type columns struct {
	name, access, owner, ownerState, expiry string
	writes                                  bool
}

// columnsOf returns the columns of a token.
func columnsOf(t *Token) (columns, error) {
	var of inventory.Token
	if err := json.Unmarshal([]byte(t.Facts), &of); err != nil {
		return columns{}, fmt.Errorf("the token %s: %w", safetext.OneLine(t.ID), err)
	}
	expiry := string(of.Expiry.State)
	if !of.Expiry.At.IsZero() {
		expiry = stamp(of.Expiry.At)
	}
	return columns{
		// PostgreSQL has no text with NUL.
		name: safetext.OneLine(of.Name), access: string(of.Access.Level), writes: of.Access.Write,
		owner: safetext.OneLine(cmp.Or(of.Owner.Name, of.Owner.ID)), ownerState: string(of.Owner.State), expiry: expiry,
	}, nil
}

// stamp is how the store writes a time: it sorts as text.
func stamp(t time.Time) string { return observation.Stamp(t) }

func sortedKeys[T any](m map[string]T) []string { return slices.Sorted(maps.Keys(m)) }
