package inventory

import (
	"cmp"
	"slices"
	"strconv"
	"time"
)

// ExposureState says whether the secret of a token is known outside.
type ExposureState string

// The states of an exposure.
const (
	// ExposureFound: a report of a leak scanner has the secret, or what the CMS shows of it.
	ExposureFound ExposureState = "found"
	// ExposureNone: the secret was compared with all strings of the reports, and is none.
	ExposureNone ExposureState = "none"
	// ExposureUnknown: the CMS shows nothing of the secret that could be compared.
	ExposureUnknown ExposureState = "unknown"
)

// Exposure is what reports of leak scanners say about the secret of a token.
type Exposure struct {
	State ExposureState `json:"state"`
	// Reason says why it is unknown, or that Found has not every place.
	Reason string `json:"reason,omitempty"`
	// Found are the places, distinct and sorted; nil unless State is ExposureFound.
	Found []Leak `json:"found,omitempty"`
}

// Exposed is the exposure of a token: unknown where no report was given.
func (t *Token) Exposed() Exposure {
	if t.Exposure == nil {
		return Exposure{State: ExposureUnknown, Reason: "no report of a leak scanner was given: scan with --leaks"}
	}
	return *t.Exposure
}

// LeakMatch says on what it rests that a string is the secret of a token.
type LeakMatch string

// The matches.
const (
	// MatchExact: the string is the secret.
	MatchExact LeakMatch = "exact"
	// MatchSuffix: prefix, length and last characters are those of the secret, which
	// the CMS does not show whole. It is probable, and no proof.
	MatchSuffix LeakMatch = "suffix"
)

// Leak is one place where a secret was found. It has no field for the secret, or any
// part of it.
type Leak struct {
	// Tool found it: "gitleaks", "betterleaks", "trufflehog" or "github".
	Tool string `json:"tool"`
	// Rule is the tool's own word for what it took the string for.
	Rule string `json:"rule,omitempty"`
	// File is a path or an address; empty where the tool names none.
	File string `json:"file,omitempty"`
	// Line counts from 1; 0 where it is not known.
	Line int `json:"line,omitempty"`
	// Commit is the id of the commit that has it; empty outside a repository.
	Commit string `json:"commit,omitempty"`
	// Date is when it was committed or found; zero where it is not known.
	Date  time.Time `json:"date,omitzero"`
	Match LeakMatch `json:"match"`
}

func (l Leak) compare(other Leak) int {
	return cmp.Or(cmp.Compare(l.Match, other.Match), cmp.Compare(l.Tool, other.Tool), cmp.Compare(l.File, other.File), cmp.Compare(l.Line, other.Line),
		cmp.Compare(l.Commit, other.Commit), cmp.Compare(l.Rule, other.Rule), l.Date.Compare(other.Date))
}

// Sort brings the places into the order of a document, each once.
func (e *Exposure) Sort() {
	found := slices.Clone(e.Found)
	for i := range found {
		found[i].Date = utc(found[i].Date)
	}
	slices.SortFunc(found, Leak.compare)
	e.Found = slices.Compact(found)
}

func (e *Exposure) check(p *problems) {
	p.word("state", e.State.valid(), string(e.State))
	p.require((e.State == ExposureFound) == (len(e.Found) > 0), "found", "must have a place where the state is found, and only there")
	for i, leak := range e.Found {
		at := p.in("found", strconv.Itoa(i))
		at.text("tool", leak.Tool)
		at.word("match", leak.Match.valid(), string(leak.Match))
		at.require(i == 0 || e.Found[i-1].compare(leak) < 0, "tool", "places must be distinct and sorted")
	}
	if e.State == ExposureUnknown {
		p.reason(e.Reason)
	}
}

func (s ExposureState) valid() bool {
	switch s {
	case ExposureFound, ExposureNone, ExposureUnknown:
		return true
	}
	return false
}

func (m LeakMatch) valid() bool {
	switch m {
	case MatchExact, MatchSuffix:
		return true
	}
	return false
}
