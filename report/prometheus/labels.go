package prometheus

import (
	"slices"
	"strconv"
	"strings"

	"github.com/tokenaudit/tokenaudit/report"
	"github.com/tokenaudit/tokenaudit/report/safetext"
)

// The number of series must not grow with the inventory, and one from outside may have
// any labels: those beyond the first keys are left out, and a source whose values make
// one combination too many has the value other for each.
const (
	maxLabelKeys   = 8
	maxLabelSets   = 50
	maxLabelName   = 100
	otherLabels    = "other"
	labelsPrefix   = "label_"
	labelConflicts = "_conflict"
)

// sourceLabels are the configured labels of sources as pairs of name and value. All
// sources have the same names, empty where they have no such label.
type sourceLabels struct {
	of map[string][]string
	// sets are the distinct ones, the one without any value among them.
	sets [][]string
	// none is for what is about a source that is not in the report.
	none []string
}

func newSourceLabels(r *report.Report) sourceLabels {
	l := sourceLabels{of: make(map[string][]string, len(r.Sources))}
	keys := map[string]bool{}
	for i := range r.Sources {
		for key := range r.Sources[i].Labels {
			keys[key] = true
		}
	}
	sorted := safetext.SortedKeys(keys)
	names := labelNames(sorted[:min(len(sorted), maxLabelKeys)])
	pairs := func(value func(key string) string) []string {
		var list []string
		for i, name := range names {
			list = append(list, name, value(sorted[i]))
		}
		return list
	}
	l.none = pairs(func(string) string { return "" })
	other := pairs(func(string) string { return otherLabels })
	seen := map[string]bool{}
	for i := range r.Sources { // sorted by id
		// Values that are cut to one text are one series.
		set := pairs(func(key string) string { return labelValue(r.Sources[i].Labels[key]) })
		if joined := strings.Join(set, "\x00"); !seen[joined] {
			if len(l.sets) >= maxLabelSets {
				set = other
			}
			if joined = strings.Join(set, "\x00"); !seen[joined] {
				seen[joined] = true
				l.sets = append(l.sets, set)
			}
		}
		l.of[r.Sources[i].ID] = set
	}
	if len(l.sets) == 0 {
		l.sets = [][]string{l.none}
	}
	return l
}

// with adds the labels of a source to those of a series.
func (l sourceLabels) with(source string, labels ...string) []string {
	set, ok := l.of[source]
	if !ok {
		set = l.none
	}
	return slices.Concat(labels, set)
}

// labelNames are names that Prometheus takes, each once, in the order of the keys.
func labelNames(keys []string) []string {
	names := make([]string, 0, len(keys))
	for _, key := range keys {
		name := labelsPrefix + strings.Map(func(r rune) rune {
			if 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' {
				return r
			}
			return '_'
		}, key[:min(len(key), maxLabelName)])
		unique := name
		for n := 1; slices.Contains(names, unique); n++ {
			unique = name + labelConflicts + strconv.Itoa(n)
		}
		names = append(names, unique)
	}
	return names
}
