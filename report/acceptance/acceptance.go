// Package acceptance says what becomes of waivers and accepted gaps: which have ended, will
// soon, or do nothing.
package acceptance

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/policies/ruleid"
	"github.com/tokenaudit/tokenaudit/report"
)

// soonDays is from how many days on before its end a waiver is called out.
const soonDays = 30

// Check says what becomes of single waivers and accepted gaps, as `waivers check` prints it.
type Check struct {
	At time.Time
	// Rules are all that there are, whether they are in force or not.
	Rules []policies.Rule
	// Saved is nil without a report.
	Saved *report.Report
}

// Waiver says how long a waiver holds and what it covers, and false for one that does
// nothing.
func (c Check) Waiver(w policies.Waiver) (string, bool) {
	if w.Expired(c.At) {
		return "expired", false
	}
	if problem := Useless(w, c.Rules); problem != "" {
		return problem + c.keysFor(w), false
	}
	state := c.holds(w)
	if c.Saved == nil {
		return state, true
	}
	n := Covered(w, c.Saved.Findings)
	switch {
	case n > 0:
		return fmt.Sprintf("%s, covers %d", state, n), true
	case c.Saved.MayHide(w):
		return state + ", covers 0 of what was seen", true
	case !c.Saved.Has(w.Token):
		return "matches nothing", false
	}
	return state + ", covers 0", false
}

// Gap says of an accepted gap what Waiver says of a waiver.
func (c Check) Gap(g report.AcceptedGap) (string, bool) {
	over := policies.Waiver{Expires: g.Expires}
	if over.Expired(c.At) {
		return "expired", false
	}
	state := c.holds(over)
	if c.Saved == nil {
		return state, true
	}
	n := c.Saved.Accepts(g)
	switch {
	case n > 0:
		return fmt.Sprintf("%s, covers %d", state, n), true
	case c.Saved.Contradicts(g):
		return "contradicted: it is not empty", false
	case c.Saved.MayMiss(g):
		return state + ", covers 0 of what was seen", true
	case !c.Saved.HasList(g):
		return "matches nothing", false
	}
	return state + ", covers 0", false
}

func (c Check) holds(w policies.Waiver) string {
	if w.Expired(c.At.AddDate(0, 0, soonDays)) {
		return fmt.Sprintf("ends within %d days", soonDays)
	}
	return "holds"
}

// keysFor lists the keys among which a waiver that lacks one has to choose.
func (c Check) keysFor(w policies.Waiver) string {
	if c.Saved == nil || w.Key != "" {
		return ""
	}
	var keys []string
	for _, f := range c.Saved.Findings {
		if f.Key != "" && f.CoveredBy(w) {
			keys = append(keys, strconv.Quote(f.Key))
		}
	}
	if len(keys) == 0 {
		return ""
	}
	return ": " + strings.Join(keys, " or ")
}

// Useless says why a waiver covers nothing, whatever there is; empty for one that
// may cover something.
func Useless(w policies.Waiver, rules []policies.Rule) string {
	ids, keyless := make([]string, len(rules)), 0
	var named []policies.Rule
	for i, r := range rules {
		ids[i] = r.ID
		if policies.Glob(w.Rule, r.ID) {
			named = append(named, r)
			if !r.WaiverNeedsKey {
				keyless++
			}
		}
	}
	switch {
	case len(named) == 0:
		return "matches no rule" + ruleid.DidYouMean(w.Rule, ids)
	case keyless == 0 && w.Key == "":
		return "needs a key, because it waives no finding of " + named[0].ID + " without one"
	}
	return ""
}

// Warnings names the waivers that cover nothing, whatever there is. They may quote
// untrusted text.
func Warnings(waivers []policies.Waiver, rules []policies.Rule) []string {
	var warnings []string
	for _, w := range waivers {
		if problem := Useless(w, rules); problem != "" {
			warnings = append(warnings, fmt.Sprintf("%s:%d: the waiver of %s %s", w.Origin.File, w.Origin.Line, w.Rule, problem))
		}
	}
	return warnings
}

// Covered counts the findings that a waiver covers.
func Covered(w policies.Waiver, findings []*report.Finding) int {
	n := 0
	for _, f := range findings {
		if f.CoveredBy(w) {
			n++
		}
	}
	return n
}
