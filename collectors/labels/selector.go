// Package labels selects sources by the labels that they have in the configuration.
package labels

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Selector are labels that sources must have, each as "key=value", sorted. A source
// needs one of the values of every key that is named: two keys mean and, the same key
// twice means or. Empty wants every source.
type Selector []string

// Parse reads labels as people write them: team=web. A key has no =, a value
// may have some.
func Parse(labels []string) (Selector, error) {
	for _, label := range labels {
		if key, value, ok := strings.Cut(label, "="); !ok || key == "" || value == "" {
			return nil, fmt.Errorf("invalid label %q: expected KEY=VALUE, for example team=web", label)
		}
	}
	return newSelector(labels), nil
}

func newSelector(labels []string) Selector {
	return slices.Compact(slices.Sorted(slices.Values(labels)))
}

// byKey returns the labels by their keys.
func (s Selector) byKey() map[string][]string {
	labels := map[string][]string{}
	for _, label := range s {
		key, _, _ := strings.Cut(label, "=")
		labels[key] = append(labels[key], label)
	}
	return labels
}

// Matches reports whether a source with these labels is wanted.
func (s Selector) Matches(labels map[string]string) bool {
	for key, wanted := range s.byKey() {
		if value, ok := labels[key]; !ok || !slices.Contains(wanted, Text(key, value)) {
			return false
		}
	}
	return true
}

// And returns the selector of what is left where s has been applied already: of a key
// that both name, the values that both want. Where they agree on none, nothing is
// left, and the values of narrower stay, which is what was asked for.
func (s Selector) And(narrower Selector) Selector {
	labels := s.byKey()
	for key, wanted := range narrower.byKey() {
		both := slices.DeleteFunc(slices.Clone(wanted), func(label string) bool { return !slices.Contains(labels[key], label) })
		if len(both) == 0 {
			both = wanted
		}
		labels[key] = both
	}
	return newSelector(slices.Concat(slices.Collect(maps.Values(labels))...))
}

// Text writes a label as a selector has it.
func Text(key, value string) string { return key + "=" + value }

// Texts writes labels as a selector has them, sorted.
func Texts(labels map[string]string) []string {
	texts := make([]string, 0, len(labels))
	for key, value := range labels {
		texts = append(texts, Text(key, value))
	}
	slices.Sort(texts)
	return texts
}
