package collection

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/tokenaudit/tokenaudit/collectors"
	"github.com/tokenaudit/tokenaudit/collectors/cmsapi"
)

// mostSeen is how many ids a check of a placeholder names.
const mostSeen = 10

// placeholders are the options of an entry whose values are still those that init
// wrote.
func placeholders(d collectors.Definition, e collectors.Entry) []collectors.Option {
	var out []collectors.Option
	for _, o := range d.Options {
		if o.Placeholder && holds(e, o) {
			out = append(out, o)
		}
	}
	return out
}

// holds reports whether an entry has the example as a value of an option.
func holds(e collectors.Entry, o collectors.Option) bool {
	if o.Key == "base_url" {
		return strings.TrimRight(e.BaseURL, "/") == o.Example
	}
	return e.String(o.Key) == o.Example || slices.Contains(e.Strings(o.Key), o.Example)
}

// warnOfPlaceholders says which entries cannot be read because nobody filled them
// in.
func (r *Collection) warnOfPlaceholders(entries []collectors.Entry) {
	for _, e := range entries {
		definition, _ := r.Host.Registry.Lookup(e.CMS)
		for _, o := range placeholders(definition, e) {
			r.Host.Console.Warn("%s:%d: %s %q is still the placeholder; replace it with yours, `tokenaudit doctor` helps", e.Origin.File, e.Origin.Line, o.Key, o.Example)
		}
	}
}

// checkPlaceholders is the check of each placeholder of an entry. c names what the
// credential sees instead, if it can.
func checkPlaceholders(ctx context.Context, d collectors.Definition, e collectors.Entry, c collectors.Prober) []collectors.Check {
	var checks []collectors.Check
	for _, o := range placeholders(d, e) {
		check := collectors.Check{
			Name: o.Key, Status: collectors.CheckFailed, Detail: fmt.Sprintf("%q is still the placeholder", o.Example),
			Hint: fmt.Sprintf("Replace it with yours in the entry at %s:%d.", e.Origin.File, e.Origin.Line),
		}
		if v, ok := c.(collectors.Viewer); ok {
			check.Detail += "; " + sight(ctx, v, o.Key, &check)
		}
		checks = append(checks, check)
	}
	return checks
}

// sight says what the credential sees of what an option names. An error makes the
// check one of the credential.
func sight(ctx context.Context, v collectors.Viewer, option string, check *collectors.Check) string {
	seen, err := v.Sees(ctx, option)
	switch e := cmsapi.AsError(err); {
	case e != nil:
		check.Class = e.Class
		if e.Hint != "" {
			check.Hint = e.Hint
		}
		return "could not list what this credential sees: " + e.Error()
	case len(seen) == 0:
		return "this credential sees none"
	case len(seen) > mostSeen:
		return fmt.Sprintf("this credential sees: %s and %d more", strings.Join(seen[:mostSeen], ", "), len(seen)-mostSeen)
	}
	return "this credential sees: " + strings.Join(seen, ", ")
}
