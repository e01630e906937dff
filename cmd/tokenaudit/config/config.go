// Package config reads tokenaudit.yaml.
//
// Parsing is strict: an unknown key, a wrong type or a literal secret is an
// Error that names file, line, key and the nearest valid key, and never a value.
// It is driven by the option declarations of the collectors, from which the
// JSON Schema and the file that `tokenaudit init` writes are made as well, so
// the three cannot drift apart. Parse sends nothing, runs nothing and opens no
// other file; Config.Entries resolves the secrets.
package config

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/tokenaudit/tokenaudit/collectors"
	"github.com/tokenaudit/tokenaudit/collectors/interruptible"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/policies/deadlines"
	"github.com/tokenaudit/tokenaudit/policies/owners"
	"github.com/tokenaudit/tokenaudit/policies/relaxation"
	"github.com/tokenaudit/tokenaudit/policies/reviews"
	"github.com/tokenaudit/tokenaudit/report"
)

// DefaultFile is the configuration that is read when none is named.
const DefaultFile = "tokenaudit.yaml"

// Config is a parsed configuration. Paths in it are as written in the file,
// relative to Dir.
type Config struct {
	// File is the path as the user gave it, and Dir its folder.
	File string
	Dir  string
	// Sources are the entries in the order of the file, secrets not yet resolved.
	Sources []Source
	// Notify are the targets of messages, in the order of the file, secrets not yet resolved.
	Notify []Source
	// PolicyPaths are files, folders or bundles of custom rules.
	PolicyPaths []string
	// Profile is what the settings are a difference to. Parse does not read it; Load puts
	// the settings over its own.
	Profile  Profile
	Settings policies.Settings
	Usage    []Usage
	// Waivers and AcceptGaps are those of the configuration, then those of WaiversFiles, in
	// the order of the files. Parse leaves these out.
	Waivers      []policies.Waiver
	AcceptGaps   []report.AcceptedGap
	WaiversFiles []TeamFile
	// Reviews are those of the configuration, then those of ReviewsFiles; Parse leaves these
	// out. Nil where it has no such section, which is not the same as an empty list.
	Reviews      []reviews.Review
	ReviewsFiles []TeamFile
	// Owners are the patterns of all teams, in the order of the files. Parse leaves those
	// of OwnersFiles out.
	Owners      owners.Patterns
	OwnersFiles []NamedFile
	Gate        Gate
	// Deadlines are those of sla; nil without any.
	Deadlines *deadlines.Deadlines
	// slaLines are the lines of its rules and teams, by the path of the key.
	slaLines map[string]int
	Limits   Limits
	// Store is where the history of runs is kept; no verdict rests on where that is.
	Store Store
	// Digest identifies the content: SHA-256 in hex over its canonical JSON,
	// whatever its comments, order of keys or place on disk. WaiversDigest does
	// so for waivers, accept_gaps, accept_empty and reviews alone, which Digest leaves out.
	Digest        string
	WaiversDigest string
	// SourcesDigest does so for sources alone.
	SourcesDigest string

	// lines are the lines of the rule settings, by place.
	lines map[string]int
	// profileLines are those of the profile, whose file profileFile is: "profile strict".
	profileLines map[string]int
	profileFile  string
	// database is the connection string of the store; nil for none.
	database *secretRef
	// expiries are those of the waivers, then those of the accepted gaps, file by file.
	expiries []expiry
}

// Mistake tells what the rules find wrong with a setting: path leads to it below
// policies.rules (rule id, "params", name; or rule id, "sources", pattern, …).
func (c *Config) Mistake(path []string, detail string) *Error {
	at := c.where(path)
	e := &Error{File: at.File, Line: at.Line, Key: "policies.rules", Message: detail}
	for _, part := range path {
		e.Key = join(e.Key, shownKey(part))
	}
	return e
}

// Locate returns the settings with the places where the configuration has them.
func (c *Config) Locate(relaxed []relaxation.Relaxation) []relaxation.Relaxation {
	located := make([]relaxation.Relaxation, len(relaxed))
	for i, r := range relaxed {
		if !r.Default {
			r.Origin = c.where(r.Path())
		}
		located[i] = r
	}
	return located
}

func place(path []string) string { return strings.Join(path, PlaceSeparator) }

// PlaceSeparator is between the parts of a place.
const PlaceSeparator = "\x00"

// Places are where the settings of rules stand: lines by the path below policies.rules, its
// parts joined by PlaceSeparator.
type Places struct {
	Lines, ProfileLines map[string]int
	ProfileFile         string
}

// Places returns where the settings stand.
func (c *Config) Places() Places { return Places{c.lines, c.profileLines, c.profileFile} }

// SetPlaces says where the settings stand.
func (c *Config) SetPlaces(p Places) {
	c.lines, c.profileLines, c.profileFile = p.Lines, p.ProfileLines, p.ProfileFile
}

// Usage names a file of outside evidence of use.
type Usage struct {
	File   string
	Origin inventory.Origin
}

// Gate holds the configured defaults of the gate; empty means not configured.
type Gate struct {
	// FailOn is a severity or "none".
	FailOn string
	// NotEvaluated is a severity or "none": rules of at least this severity
	// must not be left undecided.
	NotEvaluated string
	// FailOnOverdue fails on findings past their deadline, too.
	FailOnOverdue bool
	// WaiverMaxDays bounds how far ahead a waiver or an accepted gap may expire;
	// 0 means DefaultWaiverMaxDays.
	WaiverMaxDays int
}

// DefaultWaiverMaxDays is a year: a waiver that outlives it is not a waiver.
const DefaultWaiverMaxDays = 366

// WaiverDays is how many days ahead a waiver or an accepted gap may expire.
func (g Gate) WaiverDays() int { return cmp.Or(g.WaiverMaxDays, DefaultWaiverMaxDays) }

// TooLate says why a day, YYYY-MM-DD, is too late for a waiver or an accepted gap that is
// looked at now to expire; "" where it is not.
func (g Gate) TooLate(expires string, now time.Time) string {
	latest := now.UTC().AddDate(0, 0, g.WaiverDays()).Format(time.DateOnly)
	if expires <= latest {
		return ""
	}
	return fmt.Sprintf("lies after %s, the latest day that gate.waiver_max_days (%d) allows", latest, g.WaiverDays())
}

// CheckExpiries refuses waivers and accepted gaps that expire too far ahead of
// the given day. The error is of type Errors.
func (c *Config) CheckExpiries(day time.Time) error {
	var errs Errors
	for _, e := range c.expiries {
		if wrong := c.Gate.TooLate(e.day, day); wrong != "" {
			errs = append(errs, &Error{File: e.file, Line: e.line, Key: e.key, Message: wrong})
		}
	}
	if len(errs) > 0 {
		return errs
	}
	return nil
}

// Limits bounds a run; zero means not configured.
type Limits struct {
	// Timeout bounds the whole run, MaxWait one wait for a rate limit, and
	// TotalWait the sum of the waits of one rate-limit domain.
	Timeout, MaxWait, TotalWait time.Duration
	// RuleTimeout bounds one rule on one source, and LoadTimeout the loading of
	// custom rules.
	RuleTimeout, LoadTimeout time.Duration
}

var topKeys = []string{"version", "sources", "profile", "policies", "usage", "owners", "waivers", "accept_gaps", "accept_empty", "reviews", "sla", "gate", "notify", "limits", "store"}

// Load reads and parses a file, and those of owners, waivers and reviews that it names, until ctx
// ends. Every other error is an *Error or Errors.
func Load(ctx context.Context, file string, definitions []collectors.Definition) (*Config, error) {
	data, err := readBounded(ctx, file, "the file", "the configuration file does not exist; `tokenaudit init` writes one, -c FILE names another")
	if err != nil && ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		return nil, &Error{File: file, Message: err.Error()}
	}
	c, err := Parse(file, data, definitions)
	if err != nil {
		return nil, err
	}
	if err := c.loadProfile(ctx); err != nil {
		return nil, err
	}
	if err := c.loadOwners(ctx); err != nil {
		return nil, err
	}
	if err := c.loadWaivers(ctx); err != nil {
		return nil, err
	}
	if err := c.loadReviews(ctx); err != nil {
		return nil, err
	}
	return c, nil
}

// readBounded reads a file; what is the word for it in errors, and missing says that it
// does not exist.
func readBounded(ctx context.Context, file, what, missing string) ([]byte, error) {
	f, err := interruptible.Open(ctx, file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errors.New(missing)
	}
	if err != nil {
		return nil, fmt.Errorf("cannot open %s: %w", what, reason(err))
	}
	defer f.Close() //nolint:errcheck // opened for reading only
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, fmt.Errorf("cannot read %s: %w", what, reason(err))
	}
	return data, nil
}

// reason strips the path off a file error: the message names the file already,
// or must not name it.
func reason(err error) error {
	if e := (*fs.PathError)(nil); errors.As(err, &e) {
		return e.Err
	}
	return err
}

// Parse reads the text of a configuration. Every error is of type Errors.
func Parse(file string, data []byte, definitions []collectors.Definition) (*Config, error) {
	r := newReader(file)
	c := &Config{File: file, Dir: filepath.Dir(file), lines: r.lines}
	if root := r.document(data); root != nil {
		r.config(c, root, definitions)
	}
	if len(r.errs) > 0 {
		return nil, sortErrors(r.errs)
	}
	c.expiries, c.database = r.expiries, r.database
	return c, nil
}

func (r *reader) config(c *Config, root *yaml.Node, definitions []collectors.Definition) {
	if !recognisable(root) {
		r.fail(root, "", "this is not a configuration of tokenaudit: it has none of the keys %s", list(topKeys, "and"))
		return
	}
	top, ok := r.mapping(root, "", topKeys)
	if !ok {
		return
	}
	if n := top.required("version", "write version: 1"); n != nil {
		before := len(r.errs)
		if v := r.integer(n, "version"); v != 1 && len(r.errs) == before {
			r.fail(n, "version", "must be 1, the only version there is")
		}
	}
	if n := top.get("sources"); n != nil {
		c.Sources = r.sources(n, definitions)
	}
	c.Notify = r.targets(top)
	if n := top.get("profile"); n != nil {
		c.Profile = r.profile(n)
	}
	if n := top.get("policies"); n != nil {
		c.PolicyPaths, c.Settings = r.policies(n)
	}
	if n := top.get("usage"); n != nil {
		c.Usage = r.usage(n)
	}
	if n := top.get("owners"); n != nil {
		c.Owners, c.OwnersFiles = r.owners(n)
	}
	if n := top.get("waivers"); n != nil {
		c.Waivers, c.WaiversFiles = r.waiversOrFiles(n)
	}
	c.AcceptGaps = r.acceptGaps(top)
	if n := top.get("reviews"); n != nil {
		c.Reviews, c.ReviewsFiles = r.reviewsOrFiles(n)
	}
	if n := top.get("sla"); n != nil {
		c.Deadlines, c.slaLines = r.sla(n)
	}
	if n := top.get("gate"); n != nil {
		c.Gate = r.gate(n)
		if c.Gate.FailOnOverdue && c.Deadlines == nil {
			r.fail(n, "gate.fail_on_overdue", "needs deadlines; set sla")
		}
	}
	if n := top.get("limits"); n != nil {
		c.Limits = r.limits(n)
	}
	if n := top.get("store"); n != nil {
		c.Store = r.store(n)
	}
	if len(r.errs) == 0 {
		c.Digest = r.digest(top, "version", "sources", "policies", "usage", "owners", "sla", "gate", "limits")
		c.SourcesDigest = r.digest(top, "version", "sources")
		c.WaiversDigest = r.digest(top, "waivers", "accept_gaps", "accept_empty", "reviews")
	}
}

// digest hashes the canonical JSON of some sections: keys sorted, aliases resolved.
func (r *reader) digest(top *mapping, keys ...string) string {
	sections := map[string]any{}
	for _, key := range keys {
		if n := top.get(key); n != nil && !isNull(r.follow(n)) {
			sections[key] = r.canonical(n, 0)
		}
	}
	text, err := json.Marshal(sections)
	if err != nil {
		r.failLine(0, "", "cannot be hashed: %v", err)
		return ""
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// canonical returns the JSON value of a node that has been checked already.
// Numbers stay the text they are in the file.
func (r *reader) canonical(n *yaml.Node, depth int) any {
	n = r.follow(n)
	switch {
	case depth > 2*maxDepth:
		return nil
	case n.Kind == yaml.MappingNode:
		out := make(map[string]any, len(n.Content)/2)
		for i := 0; i+1 < len(n.Content); i += 2 {
			out[r.follow(n.Content[i]).Value] = r.canonical(n.Content[i+1], depth+1)
		}
		return out
	case n.Kind == yaml.SequenceNode:
		out := make([]any, 0, len(n.Content))
		for _, e := range n.Content {
			out = append(out, r.canonical(e, depth+1))
		}
		return out
	}
	return n.ShortTag() + " " + n.Value
}

func (r *reader) origin(n *yaml.Node) inventory.Origin {
	return inventory.Origin{File: r.file, Line: n.Line}
}
