package policies

import (
	"strings"
	"time"
)

// Expired tells whether the waiver is over at a moment. A date covers its whole
// day, UTC. A date that cannot be read is over: a waiver must not outlive a typing error.
func (w Waiver) Expired(at time.Time) bool {
	day, err := time.Parse(time.DateOnly, w.Expires)
	return err != nil || !at.Before(day.AddDate(0, 0, 1))
}

// Covers tells whether the globs of the waiver match a finding: its rule, and
// its token, or its source where the finding is about a source.
func (w Waiver) Covers(rule, subject string) bool {
	return Glob(w.Rule, rule) && Glob(w.Token, subject)
}

// Glob matches a whole text against a pattern in which only * is special: it
// stands for any text, slashes included.
func Glob(pattern, s string) bool {
	parts := strings.Split(pattern, "*")
	if len(parts) == 1 {
		return pattern == s
	}
	first, last := parts[0], parts[len(parts)-1]
	if len(s) < len(first)+len(last) || !strings.HasPrefix(s, first) || !strings.HasSuffix(s, last) {
		return false
	}
	s = s[len(first) : len(s)-len(last)]
	for _, part := range parts[1 : len(parts)-1] {
		i := strings.Index(s, part)
		if i < 0 {
			return false
		}
		s = s[i+len(part):]
	}
	return true
}

// waiverFor gives the first valid waiver that covers a finding, or nil.
func (e *Engine) waiverFor(rule, subject string, at time.Time) *Waiver {
	for i := range e.waivers {
		if w := &e.waivers[i]; w.Covers(rule, subject) && !w.Expired(at) {
			return w
		}
	}
	return nil
}
