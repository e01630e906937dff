package labels

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tokenaudit/tokenaudit/collectors/suggest"
)

// Search finds the sources that a selector wants, and says which of its labels
// no source has. It may not be used concurrently.
type Search struct {
	Selector Selector

	// seen are the labels of all sources.
	seen    map[string]bool
	matched bool
}

// Wants reports whether the selector wants a source with these labels.
func (l *Search) Wants(labels map[string]string) bool {
	if len(l.Selector) == 0 {
		return true
	}
	if l.seen == nil {
		l.seen = map[string]bool{}
	}
	for _, label := range Texts(labels) {
		l.seen[label] = true
	}
	wanted := l.Selector.Matches(labels)
	l.matched = l.matched || wanted
	return wanted
}

// Warnings say which labels were asked for and are not there, and what is.
func (l *Search) Warnings() []string {
	there := slices.Sorted(maps.Keys(l.seen))
	var warnings []string
	for _, label := range l.Selector {
		if l.seen[label] {
			continue
		}
		instead := suggest.DidYouMean(label, there)
		if instead == "" {
			instead = "; the labels are " + suggest.Some(there, maxInstead)
		}
		if len(there) == 0 {
			instead = "; no source has a label"
		}
		warnings = append(warnings, fmt.Sprintf("no source has the label %q%s", label, instead))
	}
	if len(warnings) == 0 && !l.matched && len(l.Selector) > 0 {
		warnings = append(warnings, fmt.Sprintf("no source has all of the given labels: %s", strings.Join(l.Selector, ", ")))
	}
	return warnings
}

// maxInstead is how many labels a warning names.
const maxInstead = 5
