package collectors

import (
	"time"

	"github.com/tokenaudit/tokenaudit/collectors/cmsapi"
	"github.com/tokenaudit/tokenaudit/collectors/exposure"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// Definition is all that tokenaudit needs to know of a CMS. The declaration of
// its options drives the parsing of the configuration, its JSON Schema, the
// documentation and the redaction of secrets.
type Definition struct {
	// CMS is the name used in the configuration and in every ID: "contentful".
	CMS string
	// Title is the CMS's own name: "Contentful".
	Title string
	// Options are the keys of a source entry besides the common ones (labels,
	// exclude, base_url, requests_per_second, timeout, never_after).
	Options []Option
	// OneOf lists groups of options of which exactly one must be given, such
	// as {"authtoken", "oauth_token"}.
	OneOf [][]string
	// AnyOf lists groups of options of which at least one must be given, such
	// as {"organization", "spaces"}.
	AnyOf [][]string
	// Kinds are the kinds of tokens that each kind of source can hold: a source whose
	// units leave one out was not wholly read. It is nil where that is not known.
	Kinds map[inventory.SourceKind][]inventory.Kind
	// NeverExpire are the kinds of tokens that cannot have an expiry.
	NeverExpire []inventory.Kind
	// Facts says what this CMS can report.
	Facts inventory.Facts
	// Parts says what it can report of a part of a fact where that is another
	// thing than for the fact as a whole, for the catalogue of rules:
	// "access.manages_tokens", "owner.state", "owner.level", "owner.last_active", "traits.factory" or
	// "traits.notifies_before_expiry".
	Parts map[string]inventory.FactSupport
	// Suffixes are what it shows of secrets that it does not show whole; nil for nothing.
	Suffixes []exposure.Suffix
	// LeastPrivilege says, in Markdown, how to make the least-privilege
	// credential. `doctor` renders it: headings, paragraphs, lists, tables, code
	// and emphasis.
	LeastPrivilege string
	// New makes the collector of one entry. It validates what the option
	// declarations cannot, and sends nothing.
	New func(entry Entry, run Run) (Collector, error)
}

// OptionType is the type of an option's value.
type OptionType string

// The types of option values.
const (
	OptionString  OptionType = "string"
	OptionStrings OptionType = "strings"
	OptionInteger OptionType = "integer"
	OptionBoolean OptionType = "boolean"
	OptionSecret  OptionType = "secret"  // {env: …}, {file: …} or {command: […]}
	OptionObjects OptionType = "objects" // a list of mappings, see Option.Items
)

// Option is one key of a source entry.
type Option struct {
	// Key is the key in tokenaudit.yaml.
	Key  string
	Type OptionType
	// Help is one sentence.
	Help     string
	Required bool
	// Default is shown in the docs; the collector applies it.
	Default string
	// Enum lists the allowed values; empty for any.
	Enum []string
	// Example is shown by `tokenaudit init`.
	Example string
	// Placeholder is set if the example stands for what only the user knows, such
	// as the id of an organization: a value that is still the example was never
	// filled in.
	Placeholder bool
	// Items are the keys of each element of an OptionObjects.
	Items []Option
}

// Entry is one source entry of the configuration, checked against the options
// of its Definition, with its secrets resolved.
type Entry struct {
	CMS string
	// Name is the configured name of a self-hosted instance, else empty.
	Name string
	// Values holds the options by key: string, []string, int, bool,
	// cmsapi.Secret, or []map[string]any of the same.
	Values map[string]any
	// BaseURL is scheme, host and port only; empty for the CMS's own.
	BaseURL string
	// Exclude are glob patterns on ids and names of sources to leave out.
	Exclude []string
	Labels  map[string]string
	// RequestsPerSecond lowers the rate of the entry's limiters; 0 leaves it.
	RequestsPerSecond float64
	// Timeout bounds one request; 0 means the run's default.
	Timeout time.Duration
	// NeverAfter is the horizon from which on an expiry means never; zero for
	// ten years after collection.
	NeverAfter time.Time
	Origin     inventory.Origin
}

// String returns a string option, or "".
func (e Entry) String(key string) string { s, _ := e.Values[key].(string); return s }

// Strings returns a list option, or nil.
func (e Entry) Strings(key string) []string { s, _ := e.Values[key].([]string); return s }

// Secret returns a secret option; its Empty method reports whether it was given.
func (e Entry) Secret(key string) cmsapi.Secret { s, _ := e.Values[key].(cmsapi.Secret); return s }

// Objects returns a list of mappings, or nil. Read each through Entry{Values: m}.
func (e Entry) Objects(key string) []map[string]any {
	s, _ := e.Values[key].([]map[string]any)
	return s
}

// Run is what all collectors of one run share.
type Run struct {
	// API makes HTTP clients that share connections and rate limiters.
	API *cmsapi.Session
	// Now is the clock that stamps CollectedAt. Whoever opens a collector sets it;
	// Collect takes time.Now where its options have none.
	Now func() time.Time
	// Files and commands are resolved against Dir, the configuration's folder.
	Dir string
	// LookupEnv finds a variable of the environment; nil for an empty
	// environment. Only the variables that an entry names are looked up.
	LookupEnv func(name string) (string, bool)
	// Owns reports whether a rate-limit domain is of this run's shard. A collector
	// need not look at it: the run leaves out the sources of other shards. One
	// whose Discover asks several domains does, so that two shards do not draw on
	// one limit. It is nil outside Collect: see OwnsDomain.
	Owns func(domain string) bool
}

// OwnsDomain reports whether a rate-limit domain is to be read by this run.
func (r Run) OwnsDomain(domain string) bool { return r.Owns == nil || r.Owns(domain) }
