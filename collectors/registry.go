package collectors

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// Registry is the set of CMSes that can be read. The zero value is empty.
type Registry struct{ definitions []Definition }

// NewRegistry makes a registry, and says all that is wrong with the
// definitions: a mistake in one must not wait for a user to find it.
func NewRegistry(definitions ...Definition) (Registry, error) {
	var problems []error
	sorted := slices.Clone(definitions)
	slices.SortStableFunc(sorted, func(a, b Definition) int { return strings.Compare(a.CMS, b.CMS) })
	for i, d := range sorted {
		if i > 0 && sorted[i-1].CMS == d.CMS {
			problems = append(problems, fmt.Errorf("%s is defined twice", d.CMS))
		}
		for _, p := range d.problems() {
			problems = append(problems, fmt.Errorf("definition of %q: %s", d.CMS, p))
		}
	}
	if err := errors.Join(problems...); err != nil {
		return Registry{}, err
	}
	return Registry{sorted}, nil
}

// Definitions returns the definitions, sorted by CMS.
func (r Registry) Definitions() []Definition { return slices.Clone(r.definitions) }

// Lookup finds the definition of a CMS.
func (r Registry) Lookup(cms string) (Definition, bool) {
	i := slices.IndexFunc(r.definitions, func(d Definition) bool { return d.CMS == cms })
	if i < 0 {
		return Definition{}, false
	}
	return r.definitions[i], true
}

// Title returns the CMS's own name, or cms where nothing is known of it.
func (r Registry) Title(cms string) string {
	if d, known := r.Lookup(cms); known {
		return d.Title
	}
	return cms
}

// CanExpire reports whether tokens of a kind can have an expiry in the CMS. It is true for a CMS
// without a definition.
func (r Registry) CanExpire(cms string, kind inventory.Kind) bool {
	d, _ := r.Lookup(cms)
	return !slices.Contains(d.NeverExpire, kind)
}

var (
	cmsName   = regexp.MustCompile(`^[a-z][a-z0-9]*$`)
	optionKey = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)
)

// commonKeys are the keys that every source entry takes (see Definition).
func commonKeys() []string {
	return []string{"cms", "name", "labels", "exclude", "base_url", "requests_per_second", "timeout", "never_after"}
}

// ownCommonKeys may be declared by a definition to say that they are required
// or what they mean there, with the type they always have.
func ownCommonKeys() []string { return []string{"name", "base_url"} }

// problems says what is wrong with a definition.
func (d Definition) problems() []string {
	var found []string
	check := func(ok bool, format string, args ...any) {
		if !ok {
			found = append(found, fmt.Sprintf(format, args...))
		}
	}
	check(cmsName.MatchString(d.CMS), "the name must be lower-case letters and digits")
	check(d.Title != "", "it has no title")
	check(d.New != nil, "it has no New")
	check(d.LeastPrivilege != "", "it does not say what the least-privilege credential is")
	for _, fact := range inventory.AllFacts() {
		support, ok := d.Facts[fact]
		check(ok, "it does not say whether it reports %s", fact)
		switch support.Reported {
		case inventory.SupportYes:
		case inventory.SupportPartly, inventory.SupportNo:
			check(support.Reason != "", "it does not say why it cannot report %s", fact)
		default:
			check(!ok, "%q is not a degree of support for %s", support.Reported, fact)
		}
	}
	for fact := range d.Facts {
		check(slices.Contains(inventory.AllFacts(), fact), "%q is not a fact", fact)
	}
	found = append(found, optionProblems("", d.Options)...)
	for _, group := range slices.Concat(d.OneOf, d.AnyOf) {
		check(len(group) > 1, "a group of alternatives has %d members", len(group))
		for _, key := range group {
			i := slices.IndexFunc(d.Options, func(o Option) bool { return o.Key == key })
			check(i >= 0, "the alternative %q is not an option", key)
			check(i < 0 || !d.Options[i].Required, "the alternative %q is required", key)
		}
	}
	slices.Sort(found)
	return found
}

// optionProblems says what is wrong with options, whose keys lie under prefix.
func optionProblems(prefix string, options []Option) []string {
	var found []string
	for i, o := range options {
		check := func(ok bool, problem string) {
			if !ok {
				found = append(found, fmt.Sprintf("option %q: %s", prefix+o.Key, problem))
			}
		}
		check(optionKey.MatchString(o.Key), "the key must be snake_case")
		check(!o.Placeholder || o.Example != "", "it has no example that could be a placeholder")
		check(o.Help != "", "it has no help")
		check(!slices.ContainsFunc(options[:i], func(p Option) bool { return p.Key == o.Key }), "it is declared twice")
		check(prefix != "" || !slices.Contains(commonKeys(), o.Key) ||
			slices.Contains(ownCommonKeys(), o.Key) && o.Type == OptionString, "the key is common to all entries")
		check(len(o.Enum) == 0 || o.Type == OptionString || o.Type == OptionStrings, "only strings can be enumerated")
		check(o.Default == "" || !o.Required, "it is required and has a default")
		switch o.Type {
		case OptionString, OptionStrings, OptionInteger, OptionBoolean, OptionSecret:
			check(len(o.Items) == 0, "only a list of objects has items")
		case OptionObjects:
			check(len(o.Items) > 0, "a list of objects needs items")
			found = append(found, optionProblems(prefix+o.Key+".", o.Items)...)
		default:
			check(false, "its type is unknown")
		}
	}
	return found
}
