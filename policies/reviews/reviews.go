// Package reviews finds the last review that a person made of a token, and whether the
// token is still what was reviewed.
package reviews

import (
	"fmt"
	"strings"
	"time"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/policies/input"
)

// Review is a record that a person looked at the tokens that a glob matches.
type Review struct {
	// Token is the id of a token, or a glob in which only * is special.
	Token    string
	Reviewer string
	// Date is when the review was made, as written: YYYY-MM-DD, which counts in UTC, or
	// RFC 3339.
	Date string
	// From and Until bound that moment, both inclusive; ParseDate returns them.
	From, Until time.Time
	Decision    input.Decision
	// By is the last day on which a revocation is in time, YYYY-MM-DD; empty for other
	// decisions.
	By   string
	Note string
	// Origin is where the review is written down.
	Origin inventory.Origin
}

// ParseDate returns the bounds of the moment of a review, both inclusive.
func ParseDate(text string) (from, until time.Time, err error) {
	if day, err := time.Parse(time.DateOnly, text); err == nil {
		return day, day.AddDate(0, 0, 1).Add(-1), nil
	}
	moment, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return from, until, fmt.Errorf("invalid date %q: expected YYYY-MM-DD or RFC 3339, for example 2026-11-30 or 2026-11-30T14:00:00Z", text)
	}
	return moment.UTC(), moment.UTC(), nil
}

// Reviews are those of a configuration. Nil has none.
type Reviews struct {
	all []Review
	// exact finds those without a glob by the id, and globs are the others; by place in all.
	exact map[string][]int
	globs []int
}

// New returns reviews, in the order of the configuration.
func New(all []Review) *Reviews {
	rs := &Reviews{all: all, exact: map[string][]int{}}
	for i := range all {
		if isGlob(all[i].Token) {
			rs.globs = append(rs.globs, i)
		} else {
			rs.exact[all[i].Token] = append(rs.exact[all[i].Token], i)
		}
	}
	return rs
}

func isGlob(token string) bool { return strings.Contains(token, "*") }

// Of returns the last review of a token, as of the audit time; nil for none. A review that
// is dated after the audit time does not count. Of two of the same time, the later one in
// the configuration does.
func (rs *Reviews) Of(token *inventory.Token, at time.Time) *input.Review {
	if rs == nil {
		return nil
	}
	last := -1
	look := func(i int) {
		if r := &rs.all[i]; r.From.After(at) || last >= 0 && (r.From.Before(rs.all[last].From) || r.From.Equal(rs.all[last].From) && i < last) {
			return
		}
		last = i
	}
	for _, i := range rs.exact[token.ID] {
		look(i)
	}
	for _, i := range rs.globs {
		if inventory.MatchGlob(rs.all[i].Token, token.ID) {
			look(i)
		}
	}
	if last < 0 {
		return nil
	}
	return rs.all[last].of(token, at)
}

// Ahead returns the reviews that are dated after the audit time.
func (rs *Reviews) Ahead(at time.Time) []Review {
	if rs == nil {
		return nil
	}
	var ahead []Review
	for i := range rs.all {
		if rs.all[i].From.After(at) {
			ahead = append(ahead, rs.all[i])
		}
	}
	return ahead
}

// of is what the review is to one of its tokens at the audit time.
func (r *Review) of(token *inventory.Token, at time.Time) *input.Review {
	out := &input.Review{Date: r.Date, Reviewer: r.Reviewer, Decision: r.Decision, By: r.By, Days: wholeDays(r.From, at)}
	if by, err := time.Parse(time.DateOnly, r.By); err == nil {
		if days := wholeDays(by, at); days > 0 {
			out.OverdueDays = &days
		}
	}
	out.BeforeCreation, _ = r.before(creation(token))
	if out.BeforeCreation == inventory.Unknown && !isGlob(r.Token) {
		out.BeforeCreation = inventory.No
	}
	out.BeforeChange, out.Reason = r.before(change(token))
	return out
}

// moment is a time of which bounds may be known, both inclusive; a zero one is none.
type moment struct {
	// what happened then.
	what             string
	earliest, latest time.Time
	// reason says why the bounds are not the same.
	reason string
}

// creation is when a token was made.
func creation(token *inventory.Token) moment {
	m := moment{what: "made"}
	switch {
	case token.CreatedAt.State == inventory.TimestampAt:
		m.earliest, m.latest = token.CreatedAt.At, token.CreatedAt.At
	case token.FirstSeen != nil:
		m.earliest, m.latest = token.FirstSeen.NotBefore, token.FirstSeen.At
	}
	if token.CreatedAt.State == inventory.TimestampUnknown {
		m.reason = token.CreatedAt.Reason
	}
	return m
}

// change is when a token was last changed: its creation, where it was not changed since.
func change(token *inventory.Token) moment {
	m := creation(token)
	switch token.UpdatedAt.State {
	case inventory.TimestampNone:
	case inventory.TimestampAt:
		return moment{what: "changed", earliest: token.UpdatedAt.At, latest: token.UpdatedAt.At}
	default:
		return moment{what: "changed", earliest: m.earliest, reason: token.UpdatedAt.Reason}
	}
	return m
}

// before reports whether the review is older than a moment, and if that is unknown, why.
func (r *Review) before(m moment) (before inventory.Ternary, reason string) {
	switch {
	case !m.earliest.IsZero() && r.Until.Before(m.earliest):
		return inventory.Yes, ""
	case !m.latest.IsZero() && !r.From.Before(m.latest):
		return inventory.No, ""
	case m.latest.IsZero():
		reason = "it is not known whether the token was " + m.what + " after its review of " + r.Date
	case m.latest.Equal(m.earliest):
		return inventory.Unknown, "the token was " + m.what + " on the day of its review of " + r.Date + ", at " + m.latest.UTC().Format("15:04") + "; a review with a time would tell which came first"
	default:
		reason = "the token may have been " + m.what + " after its review of " + r.Date
	}
	if m.reason != "" {
		reason += ": " + m.reason
	}
	return inventory.Unknown, reason
}

// wholeDays floors the days between two moments. It counts in seconds, because a
// time.Duration ends after 292 years.
func wholeDays(from, to time.Time) int {
	const day = 24 * 60 * 60
	seconds := to.Unix() - from.Unix()
	if to.Nanosecond() < from.Nanosecond() {
		seconds--
	}
	if seconds < 0 {
		return -int((-seconds + day - 1) / day)
	}
	return int(seconds / day)
}
