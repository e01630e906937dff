// Package sealed writes of a configuration what verdicts rest on, and nothing that leads to
// a credential, as the JSON that a bundle holds.
package sealed

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/config"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/collectors/redact"
	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/policies/deadlines"
	"github.com/tokenaudit/tokenaudit/policies/input"
	"github.com/tokenaudit/tokenaudit/policies/owners"
	"github.com/tokenaudit/tokenaudit/policies/reviews"
	"github.com/tokenaudit/tokenaudit/report"
)

// maxFile bounds what is read, in bytes: twice a configuration.
const maxFile = 8 << 20

// maxJudging bounds how long a sealed configuration may let rules take: it may be anybody'd.
const maxJudging = 5 * time.Minute

// document is of a configuration, and the files that it names, what verdicts rest on.
// Nothing of an entry of sources is in it but which CMS it is of, its name, its labels and what it excludes:
// all other keys may lead to a credential, and none of them changes a verdict on what was
// read.
type document struct {
	File          string               `json:"file,omitempty"`
	Digest        string               `json:"digest,omitempty"`
	WaiversDigest string               `json:"waivers_digest,omitempty"`
	Sources       []source             `json:"sources,omitempty"`
	Rules         map[string]rule      `json:"rules,omitempty"`
	Owners        []pattern            `json:"owners,omitempty"`
	Waivers       []policies.Waiver    `json:"waivers,omitempty"`
	AcceptGaps    []report.AcceptedGap `json:"accept_gaps,omitempty"`
	// Reviews is nil where the configuration has no such section.
	Reviews *[]review `json:"reviews,omitempty"`
	Gate    gate      `json:"gate,omitzero"`
	// Deadlines are those of sla; nil for none.
	Deadlines   *deadlines.Deadlines `json:"deadlines,omitempty"`
	RuleTimeout time.Duration        `json:"rule_timeout_ns,omitempty"`
	// Profile is the name, or else the file, of the profile, whose settings are in Rules.
	Profile      string        `json:"profile,omitempty"`
	Lines        []line        `json:"lines,omitempty"`
	ProfileFile  string        `json:"profile_file,omitempty"`
	ProfileLines []line        `json:"profile_lines,omitempty"`
	LoadTimeout  time.Duration `json:"load_timeout_ns,omitempty"`
}

// line is where a setting below policies.rules is: a report names it.
type line struct {
	Path []string `json:"path"`
	Line int      `json:"line"`
}

type source struct {
	CMS    string            `json:"cms"`
	Name   string            `json:"name,omitempty"`
	Labels map[string]string `json:"labels,omitempty"`
	// Exclude is what was left out of it. No verdict rests on it: it says what the bundle is not about.
	Exclude []string `json:"exclude,omitempty"`
}

type change struct {
	Off      bool              `json:"off,omitempty"`
	Severity policies.Severity `json:"severity,omitempty"`
	Params   map[string]any    `json:"params,omitempty"`
}

type rule struct {
	On bool `json:"on,omitempty"`
	change
	Sources []ruleSource     `json:"sources,omitempty"`
	Origin  inventory.Origin `json:"origin,omitzero"`
}

type ruleSource struct {
	Source string `json:"source"`
	change
}

type pattern struct {
	Team   string           `json:"team"`
	Source string           `json:"source,omitempty"`
	Token  string           `json:"token,omitempty"`
	Name   string           `json:"name,omitempty"`
	Label  string           `json:"label,omitempty"`
	Owner  string           `json:"owner,omitempty"`
	Origin inventory.Origin `json:"origin,omitzero"`
}

type review struct {
	Token    string           `json:"token"`
	Reviewer string           `json:"reviewer"`
	Date     string           `json:"date"`
	Decision input.Decision   `json:"decision"`
	By       string           `json:"by,omitempty"`
	Note     string           `json:"note"`
	Origin   inventory.Origin `json:"origin,omitzero"`
}

type gate struct {
	FailOn        string `json:"fail_on,omitempty"`
	NotEvaluated  string `json:"not_evaluated,omitempty"`
	FailOnOverdue bool   `json:"fail_on_overdue,omitempty"`
	WaiverMaxDays int    `json:"waiver_max_days,omitempty"`
}

// Write returns what verdicts rest on. The custom rules and usage files that a configuration
// names are not in it.
func Write(c *config.Config) ([]byte, error) {
	at := c.Places()
	d := document{
		File: c.File, Digest: c.Digest, WaiversDigest: c.WaiversDigest, Waivers: c.Waivers, AcceptGaps: c.AcceptGaps,
		Gate: gate(c.Gate), Deadlines: c.Deadlines, RuleTimeout: c.Limits.RuleTimeout, LoadTimeout: c.Limits.LoadTimeout,
		Profile: cmp.Or(c.Profile.Name, c.Profile.File), Lines: lines(at.Lines), ProfileFile: at.ProfileFile, ProfileLines: lines(at.ProfileLines),
	}
	for _, s := range c.Sources {
		d.Sources = append(d.Sources, source{s.Entry.CMS, s.Entry.Name, s.Entry.Labels, s.Entry.Exclude})
	}
	for _, p := range c.Owners {
		d.Owners = append(d.Owners, pattern(p))
	}
	if c.Reviews != nil {
		d.Reviews = new(make([]review, len(c.Reviews)))
		for i, r := range c.Reviews {
			(*d.Reviews)[i] = review{r.Token, r.Reviewer, r.Date, r.Decision, r.By, r.Note, r.Origin}
		}
	}
	for id, settings := range c.Settings.Rules {
		r := rule{On: settings.On, change: change{settings.Off, settings.Severity, settings.Params}, Origin: settings.Origin}
		for _, o := range settings.Sources {
			r.Sources = append(r.Sources, ruleSource{o.Pattern, change{o.Off, o.Severity, o.Params}})
		}
		if d.Rules == nil {
			d.Rules = map[string]rule{}
		}
		d.Rules[id] = r
	}
	text, err := d.encode()
	if err == nil && redact.Known(string(text)) {
		return nil, errors.New("the configuration holds what looks like a literal secret, and cannot be sealed")
	}
	return text, err
}

func (d *document) encode() ([]byte, error) {
	text, err := json.MarshalIndent(d, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("write the configuration: %w", err)
	}
	return append(text, '\n'), nil
}

// Read reads what Write has written. The configuration has no sources that could be read.
func Read(text []byte) (*config.Config, error) {
	if len(text) > maxFile {
		return nil, fmt.Errorf("the configuration is larger than %d MiB", maxFile>>20)
	}
	var d document
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	decoder.UseNumber()
	if err := decoder.Decode(&d); err != nil {
		return nil, fmt.Errorf("read the configuration: %w", err)
	}
	if again, err := d.encode(); err != nil || !bytes.Equal(again, text) {
		return nil, errors.New("read the configuration: it is not written as a tokenaudit writes it")
	}
	c := d.config()
	if d.Reviews == nil {
		return c, nil
	}
	c.Reviews = make([]reviews.Review, len(*d.Reviews))
	for i, r := range *d.Reviews {
		from, until, err := reviews.ParseDate(r.Date)
		if err != nil {
			return nil, fmt.Errorf("read the configuration: review of %q: %w", r.Token, err)
		}
		c.Reviews[i] = reviews.Review{Token: r.Token, Reviewer: r.Reviewer, Date: r.Date, From: from, Until: until, Decision: r.Decision, By: r.By, Note: r.Note, Origin: r.Origin}
	}
	return c, nil
}

func (d *document) config() *config.Config {
	c := &config.Config{
		File: d.File, Dir: ".", Digest: d.Digest, WaiversDigest: d.WaiversDigest, Waivers: d.Waivers, AcceptGaps: d.AcceptGaps,
		Gate: config.Gate(d.Gate), Deadlines: d.Deadlines, Limits: config.Limits{RuleTimeout: judging(d.RuleTimeout), LoadTimeout: judging(d.LoadTimeout)},
	}
	c.SetPlaces(config.Places{Lines: linesOf(d.Lines), ProfileFile: d.ProfileFile, ProfileLines: linesOf(d.ProfileLines)})
	for _, p := range d.Owners {
		c.Owners = append(c.Owners, owners.Pattern(p))
	}
	for id, rule := range d.Rules {
		settings := policies.RuleSettings{Off: rule.Off, On: rule.On, Severity: rule.Severity, Params: numbers(rule.Params), Origin: rule.Origin}
		for _, o := range rule.Sources {
			settings.Sources = append(settings.Sources, policies.SourceSettings{Pattern: o.Source, Off: o.Off, Severity: o.Severity, Params: numbers(o.Params)})
		}
		if c.Settings.Rules == nil {
			c.Settings.Rules = map[string]policies.RuleSettings{}
		}
		c.Settings.Rules[id] = settings
	}
	return c
}

func lines(of map[string]int) []line {
	var all []line
	for _, at := range slices.Sorted(maps.Keys(of)) {
		all = append(all, line{strings.Split(at, config.PlaceSeparator), of[at]})
	}
	return all
}

func linesOf(all []line) map[string]int {
	of := map[string]int{}
	for _, l := range all {
		of[strings.Join(l.Path, config.PlaceSeparator)] = l.Line
	}
	return of
}

func judging(limit time.Duration) time.Duration { return min(max(limit, 0), maxJudging) }

// numbers returns the parameters of a rule with the types that they have in a configuration.
func numbers(params map[string]any) map[string]any {
	if params == nil {
		return nil
	}
	typed, _ := typedNumbers(params).(map[string]any)
	return typed
}

func typedNumbers(value any) any {
	switch v := value.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for key, element := range v {
			out[key] = typedNumbers(element)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, element := range v {
			out[i] = typedNumbers(element)
		}
		return out
	case json.Number:
		if i, err := v.Int64(); err == nil && int64(int(i)) == i {
			return int(i)
		}
		f, err := v.Float64()
		if err != nil {
			return nil
		}
		return f
	}
	return value
}
