// Package collectors holds the contract between tokenaudit and the CMSes it
// reads, the registry of what can be read, and the concurrent run over all
// sources.
//
// A collector reads one kind of CMS. It only ever sends GET and HEAD, it has no
// place for a secret, and it never lets a list that could not be read look like
// an empty one.
package collectors

import (
	"context"
	"fmt"
	"strings"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// Collector reads the sources that one entry of the configuration reaches.
type Collector interface {
	// Discover lists the sources this configuration reaches (spaces of an
	// organization, stacks, projects). The sources have an ID, a CMS, a kind,
	// a name and a host; they have no tokens yet. A source that was found
	// although a list was cut off comes with a *DiscoveryError besides it: both
	// results are valid.
	Discover(ctx context.Context) ([]inventory.Source, error)
	// Collect fills one source with its tokens. A unit that could not be read
	// is recorded in source.Units, never an empty list. The error is non-nil
	// only if ctx ended or the source could not be read at all in a way that
	// no unit expresses; the returned source is valid in both cases.
	Collect(ctx context.Context, source inventory.Source) (inventory.Source, error)
}

// Separable is implemented by collectors some of whose lists of tokens are separate: the tokens
// of one do not refer to those of another, and none moves from one to another. A run that goes
// on with an earlier one asks for those of them alone that it lacks, and keeps the others.
type Separable interface {
	// Separate returns, by the names of the units of these lists, with what the ids of their
	// tokens go on behind that of the source: "/api_tokens/".
	Separate() map[string]string
	// CollectWithout is Collect, but asks for none of the lists skip. It returns neither
	// their units nor tokens of them, and what it says of the auditor without them is
	// unknown rather than no.
	CollectWithout(ctx context.Context, source inventory.Source, skip []string) (inventory.Source, error)
}

// Continuer is implemented by collectors that read a list in many parts, and name in its unit
// those that are missing.
type Continuer interface {
	// Continue returns a Collect that asks for what an earlier reading of the source lacks,
	// and returns this with all that the earlier one has; nil where the source has to be read
	// as a whole.
	Continue(earlier inventory.Source) func(ctx context.Context, source inventory.Source) (inventory.Source, error)
}

// DomainNamer is implemented by collectors whose sources do not all share one
// rate-limit domain. The domain is a stable name such as
// "contentstack/organizations/blt1"; shards take whole domains.
type DomainNamer interface {
	Domain(source inventory.Source) string
}

// EntryDomainer is implemented by collectors all of whose requests, those of
// Discover too, draw on one rate-limit domain that is known before anything is
// asked. A shard that does not own it sends nothing for the entry. It begins with that
// with which the ids of the entry's sources begin, and a slash.
type EntryDomainer interface {
	EntryDomain() string
}

// Prober is implemented by collectors that can tell, for `tokenaudit doctor`,
// who the credential is, what it may list and what is missing.
type Prober interface {
	// Probe asks as little as possible. The checks come in a fixed order.
	Probe(ctx context.Context) []Check
}

// Viewer is implemented by collectors that can tell, for `tokenaudit doctor`, what
// an option that is still its placeholder could name.
type Viewer interface {
	// Sees lists what the credential sees of what the option names, each made by
	// Seen. It is asked for options with a Placeholder only.
	Sees(ctx context.Context, option string) ([]string, error)
}

// Seen is an item of what Viewer.Sees returns: the id, and the name if there is
// one.
func Seen(id, name string) string {
	if name == "" {
		return id
	}
	return id + " (" + name + ")"
}

// CheckStatus is the outcome of a Check.
type CheckStatus string

// The outcomes of a check.
const (
	CheckOK      CheckStatus = "ok"
	CheckWarning CheckStatus = "warning"
	CheckFailed  CheckStatus = "failed"
)

// Check is one line of what `tokenaudit doctor` found out.
type Check struct {
	// Name is short and stable: "identity", "list organization tokens".
	Name   string      `json:"name"`
	Status CheckStatus `json:"status"`
	// Detail says what was found, without secrets.
	Detail string `json:"detail"`
	// Hint says what to grant and where; empty when nothing is missing.
	Hint string `json:"hint,omitempty"`
	// Class is the error class of a failed check.
	Class inventory.ErrorClass `json:"class,omitempty"`
}

// summarised bounds how many failures a SummaryCheck quotes.
const summarised = 3

// SummaryCheck makes one check of checks of the same kind on many things, whose
// names are theirs: ok if all are, else as bad as the worst of them, with the
// first that are not, and what to do about the first of these.
func SummaryCheck(name, thing string, checks []Check) Check {
	things := thing + "s"
	sum := Check{Name: name, Status: CheckOK, Detail: fmt.Sprintf("all %d %s", len(checks), things)}
	if len(checks) == 1 {
		things, sum.Detail = thing, "1 "+thing
	}
	var told []string
	bad := 0
	for _, c := range checks {
		if c.Status == CheckOK {
			continue
		}
		if bad++; bad <= summarised {
			told = append(told, c.Name+": "+c.Detail)
		}
		if sum.Status == CheckOK || sum.Status == CheckWarning && c.Status == CheckFailed {
			sum.Status, sum.Class, sum.Hint = c.Status, c.Class, c.Hint
		}
	}
	if bad > 0 {
		sum.Detail = fmt.Sprintf("not ok for %d of %d %s: %s", bad, len(checks), things, strings.Join(told, "; "))
	}
	if bad > summarised {
		sum.Detail += fmt.Sprintf("; and %d more", bad-summarised)
	}
	return sum
}

// DiscoveryError says that not all sources of an entry could be found. The run
// reports it as a failed unit of a source that stands for the entry.
type DiscoveryError struct {
	// Source stands for what could not be listed, such as the organization.
	// Its ID, CMS, Kind and Name are set.
	Source inventory.Source
	// Unit is the list that failed, with its class, detail and hint; where Err is that
	// ctx ended, its name and kinds are enough.
	Unit inventory.Unit
	Err  error
}

func (e *DiscoveryError) Error() string {
	return "list the sources of " + e.Source.ID + ": " + e.Unit.Detail
}

// Unwrap returns the underlying error.
func (e *DiscoveryError) Unwrap() error { return e.Err }
