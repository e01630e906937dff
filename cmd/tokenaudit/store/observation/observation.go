// Package observation is what one run saw and judged, as a store keeps it, and how it is
// written as JSON lines and read again.
package observation

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sourcegraph/conc/iter"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/report"
	"github.com/tokenaudit/tokenaudit/report/safetext"
)

// Observation is what one run saw and judged: all that the history is made of.
type Observation struct {
	Run Run `json:"run"`
	// Sources, Tokens and Findings are sorted by id and by fingerprint.
	Sources  []Source  `json:"-"`
	Tokens   []Token   `json:"-"`
	Findings []Finding `json:"-"`

	// digests are those of Tokens, in their order, since Identify; nil before.
	digests []string
}

// Run is a run without what it saw.
type Run struct {
	// ID identifies what the run saw: SHA-256 in hex. Writing it twice changes nothing.
	ID string `json:"id"`
	// At is the audit time, UTC. Runs of one second are ordered by ID.
	At            time.Time      `json:"at"`
	Tool          inventory.Tool `json:"tool"`
	OPA           string         `json:"opa"`
	PolicyDigest  string         `json:"policy_digest"`
	ConfigDigest  string         `json:"config_digest"`
	WaiversDigest string         `json:"waivers_digest"`
	Complete      bool           `json:"complete"`
	// SourcesDigest says with which configuration of sources the run read; empty where it
	// judged what was saved.
	SourcesDigest string `json:"sources_digest,omitempty"`
	// Scope is nil for a run over everything configured.
	Scope *report.Scope `json:"scope,omitempty"`
	// Open are the findings that were not waived.
	Open report.SeverityCounts `json:"open"`
	// Files are what the verdicts rest on besides the inventory, as a bundle holds it.
	Files []File `json:"files,omitempty"`
	// Rules judged, sorted by id.
	Rules []Rule `json:"rules"`
}

// File is a file that verdicts rest on.
type File struct {
	Name   string `json:"name"`
	Origin string `json:"origin,omitempty"`
	Data   []byte `json:"-"`
	// Body is where the store keeps the content.
	Body string `json:"body,omitempty"`
}

// Rule is a rule as it judged.
type Rule struct {
	ID string `json:"id"`
	// Definition identifies the text of the rule and its settings.
	Definition string `json:"definition"`
}

// Source is a source as a run read it.
type Source struct {
	ID          string    `json:"id"`
	CMS         string    `json:"cms"`
	CollectedAt time.Time `json:"collected_at"`
	// Content is the source as JSON, without its tokens and without CollectedAt.
	Content string `json:"content"`
	Judged  Judged `json:"judged"`
}

// Judged says which rules did not come to a verdict on a source.
type Judged struct {
	// Undecided and NotAsked are ids of rules, sorted.
	Undecided []string `json:"undecided,omitempty"`
	NotAsked  []string `json:"not_asked,omitempty"`
	// Seen are the ids of tokens that were seen in lists that were not wholly read, sorted.
	Seen []string `json:"seen,omitempty"`
}

// Token is a token as a run saw it.
type Token struct {
	ID     string         `json:"id"`
	Source string         `json:"source"`
	CMS    string         `json:"cms"`
	Kind   inventory.Kind `json:"kind"`
	// Facts is the token as JSON, without its last use; LastUse is that.
	Facts   string `json:"facts"`
	LastUse string `json:"last_use"`
	// Worded: the last use is told in words, or by a record that begins somewhere.
	Worded bool `json:"worded,omitempty"`
	// RiskMin and RiskMax are -1 where it was not judged by risk.
	RiskMin int `json:"risk_min"`
	RiskMax int `json:"risk_max"`
	// Team answers for it; empty for none.
	Team string `json:"team,omitempty"`
	// NotEvaluated are the rules that could not decide, sorted.
	NotEvaluated []string `json:"not_evaluated,omitempty"`
}

// Finding is a finding as a run had it.
type Finding struct {
	Fingerprint string            `json:"fingerprint"`
	Rule        string            `json:"rule"`
	Source      string            `json:"source"`
	CMS         string            `json:"cms"`
	Token       string            `json:"token,omitempty"`
	Kind        inventory.Kind    `json:"kind,omitempty"`
	Key         string            `json:"key,omitempty"`
	Severity    policies.Severity `json:"severity"`
	Team        string            `json:"team,omitempty"`
	Message     string            `json:"message"`
	// Waiver is nil for a finding that is not waived.
	Waiver *Waiver `json:"waiver,omitempty"`
}

// Waiver says who accepted a finding, and until when.
type Waiver struct {
	Owner      string `json:"owner"`
	ApprovedBy string `json:"approved_by"`
	Expires    string `json:"expires"`
}

// Input is what an observation is made of.
type Input struct {
	// Report is that of all sources, with its tokens, not yet compared with anything.
	Report *report.Report
	// Sources are as they were read, before anything else was known of them.
	Sources []inventory.Source
	// SourcesDigest says with which configuration of sources the run read; empty where it
	// judged what was saved.
	SourcesDigest string
	// Definitions identify the rules and their settings, by id.
	Definitions map[string]string
	// Files are what the verdicts rest on besides the inventory.
	Files []File
}

// LastUse is what changes of a token whenever it is used.
type LastUse struct {
	LastUsed inventory.LastUsed                   `json:"last_used"`
	ByAPI    map[inventory.API]inventory.LastUsed `json:"by_api,omitempty"`
}

// Observe returns what a run saw.
func Observe(in Input) (*Observation, error) {
	r := in.Report
	if r.Tokens == nil || (r.Scope != nil && r.Scope.Change) {
		return nil, errors.New("a store keeps runs over what is live, with their inventories")
	}
	o := &Observation{Run: Run{
		At: r.At.UTC(), Tool: r.Tool, OPA: r.Policies.OPA, PolicyDigest: r.Policies.Digest, ConfigDigest: r.ConfigDigest, WaiversDigest: r.WaiversDigest,
		Complete: r.Complete, Scope: r.Scope, Open: r.Summary.Findings, Files: in.Files, SourcesDigest: in.SourcesDigest,
	}}
	for _, rule := range r.Rules {
		o.Run.Rules = append(o.Run.Rules, Rule{rule.ID, in.Definitions[rule.ID]})
	}
	slices.SortFunc(o.Run.Rules, func(a, b Rule) int { return strings.Compare(a.ID, b.ID) })
	if err := o.seeSources(in); err != nil {
		return nil, err
	}
	o.seeFindings(r)
	if err := o.Identify(); err != nil {
		return nil, err
	}
	return o, nil
}

func (o *Observation) seeSources(in Input) error {
	judged := judgedOf(in.Report)
	verdicts := make(map[string]*report.Token, len(in.Report.Tokens))
	for i := range in.Report.Tokens {
		verdicts[in.Report.Tokens[i].ID] = &in.Report.Tokens[i]
	}
	all, err := iter.MapErr(in.Sources, func(s *inventory.Source) (sourceSeen, error) {
		seen := sourceSeen{}
		err := seen.see(s, judged[s.ID], verdicts)
		return seen, err
	})
	if err != nil {
		return err
	}
	for i := range all {
		o.Sources = append(o.Sources, all[i].Source)
		o.Tokens = append(o.Tokens, all[i].tokens...)
	}
	return nil
}

// sourceSeen is what a run saw of a source.
type sourceSeen struct {
	Source

	tokens []Token
}

func (seen *sourceSeen) see(s *inventory.Source, judged *Judged, verdicts map[string]*report.Token) error {
	head := s.Head()
	head.CollectedAt, head.Tokens = time.Time{}, []inventory.Token{}
	content, err := json.Marshal(head)
	if err != nil {
		return fmt.Errorf("keep the source %s: %w", s.ID, err)
	}
	seen.Source = Source{ID: s.ID, CMS: s.CMS, CollectedAt: s.CollectedAt.UTC(), Content: string(content)}
	if judged != nil {
		seen.Judged = *judged
	}
	units := report.WithoutTokens(head)
	seen.tokens = make([]Token, len(s.Tokens))
	for i := range s.Tokens {
		t := &seen.tokens[i]
		if *t, err = tokenSeen(s, &s.Tokens[i], verdicts[s.Tokens[i].ID]); err != nil {
			return err
		}
		if report.UnreadKind(&units, t.Kind) {
			seen.Judged.Seen = append(seen.Judged.Seen, t.ID)
		}
	}
	slices.Sort(seen.Judged.Seen)
	return nil
}

// judgedOf returns by source which rules did not come to a verdict.
func judgedOf(r *report.Report) map[string]*Judged {
	of := map[string]*Judged{}
	at := func(source string) *Judged {
		if of[source] == nil {
			of[source] = &Judged{}
		}
		return of[source]
	}
	for _, g := range r.Gaps {
		at(g.Source).Undecided = append(at(g.Source).Undecided, g.Rule)
	}
	for _, e := range r.RuleErrors {
		at(e.Source).Undecided = append(at(e.Source).Undecided, e.Rule)
	}
	for i := range r.Sources {
		for _, n := range r.Sources[i].NotAsked {
			at(r.Sources[i].ID).NotAsked = append(at(r.Sources[i].ID).NotAsked, n.Rule)
		}
	}
	for _, j := range of {
		slices.Sort(j.Undecided)
		slices.Sort(j.NotAsked)
		j.Undecided, j.NotAsked = slices.Compact(j.Undecided), slices.Compact(j.NotAsked)
	}
	return of
}

func tokenSeen(s *inventory.Source, t *inventory.Token, judged *report.Token) (Token, error) {
	if t.Planned != "" {
		return Token{}, fmt.Errorf("the token %s is planned: a store keeps what is live", safetext.OneLine(t.ID))
	}
	seen := Token{ID: t.ID, Source: s.ID, CMS: s.CMS, Kind: t.Kind, RiskMin: -1, RiskMax: -1}
	facts := *t
	facts.LastUsed, facts.LastUsedByAPI = inventory.LastUsed{}, nil
	use := LastUse{LastUsed: relative(t.LastUsed, s.CollectedAt)}
	seen.Worded = worded(t.LastUsed)
	if t.LastUsedByAPI != nil {
		use.ByAPI = map[inventory.API]inventory.LastUsed{}
		for api, used := range t.LastUsedByAPI {
			use.ByAPI[api] = relative(used, s.CollectedAt)
		}
	}
	text, err := json.Marshal(facts)
	usage, errUse := json.Marshal(use)
	if err := errors.Join(err, errUse); err != nil {
		return Token{}, fmt.Errorf("keep the token %s: %w", t.ID, err)
	}
	seen.Facts, seen.LastUse = string(text), string(usage)
	if judged == nil {
		return seen, nil
	}
	seen.Team = judged.Team
	if judged.Risk != nil {
		seen.RiskMin, seen.RiskMax = judged.Risk.Min, judged.Risk.Max
	}
	for rule, status := range judged.Verdicts {
		if status == policies.NotEvaluated {
			seen.NotEvaluated = append(seen.NotEvaluated, rule)
		}
	}
	slices.Sort(seen.NotEvaluated)
	return seen, nil
}

func (o *Observation) seeFindings(r *report.Report) {
	for _, f := range r.Findings {
		seen := Finding{
			Fingerprint: f.Fingerprint, Rule: f.Rule, Source: f.Source, CMS: f.CMS, Token: f.Token, Kind: f.Kind, Key: f.Key,
			Severity: f.Severity, Team: f.Team, Message: f.Message,
		}
		if f.Status == policies.Waived {
			seen.Waiver = &Waiver{}
			if w := f.Waiver; w != nil {
				seen.Waiver = &Waiver{w.Owner, w.ApprovedBy, w.Expires}
			}
		}
		o.Findings = append(o.Findings, seen)
	}
	o.Sort()
}

// Sort sorts sources, tokens and findings.
func (o *Observation) Sort() {
	o.digests = nil
	slices.SortFunc(o.Sources, func(a, b Source) int { return strings.Compare(a.ID, b.ID) })
	slices.SortFunc(o.Tokens, func(a, b Token) int { return strings.Compare(a.ID, b.ID) })
	slices.SortFunc(o.Findings, func(a, b Finding) int { return strings.Compare(a.Fingerprint, b.Fingerprint) })
}

// Identify sets the id of the run: what it saw and judged, and nothing of who asked.
func (o *Observation) Identify() error {
	o.Run.ID = ""
	sum := sha256.New()
	encoder := json.NewEncoder(sum)
	if err := errors.Join(encoder.Encode(o.Run), encoder.Encode(o.Sources), encoder.Encode(o.Findings)); err != nil {
		return fmt.Errorf("identify the run: %w", err)
	}
	var one []byte
	o.digests = make([]string, len(o.Tokens))
	for i := range o.Tokens {
		// JSON in JSON would cost more than all else.
		t := &o.Tokens[i]
		o.digests[i] = t.digest()
		one = appendTexts(one[:0], t.ID, t.CMS, string(t.Kind), o.digests[i])
		sum.Write(one)
	}
	for _, f := range o.Run.Files {
		sum.Write(f.Data)
	}
	o.Run.ID = hex.EncodeToString(sum.Sum(nil))
	return nil
}

// TokenDigest identifies what the run saw of the token at that place of Tokens, which are as
// they were when Identify was called, if it was.
func (o *Observation) TokenDigest(i int) string {
	if o.digests != nil {
		return o.digests[i]
	}
	return o.Tokens[i].digest()
}

func (t *Token) digest() string {
	return Digest(t.Source, t.Facts, t.LastUse, t.Team, strings.Join(t.NotEvaluated, " "), fmt.Sprint(t.Worded, t.RiskMin, t.RiskMax))
}

// Join adds the sources of another shard of the same run.
func (o *Observation) Join(other *Observation) {
	o.Sources = append(o.Sources, other.Sources...)
	o.Tokens = append(o.Tokens, other.Tokens...)
	o.Findings = append(o.Findings, other.Findings...)
	o.Run.Complete = o.Run.Complete && other.Run.Complete
	o.Run.Open = plus(o.Run.Open, other.Run.Open)
	o.Sort()
}

func plus(a, b report.SeverityCounts) report.SeverityCounts {
	return report.SeverityCounts{
		Critical: a.Critical + b.Critical, High: a.High + b.High, Medium: a.Medium + b.Medium, Low: a.Low + b.Low, Info: a.Info + b.Info,
	}
}

func worded(u inventory.LastUsed) bool {
	return u.State == inventory.LastUsedBetween || u.State == inventory.LastUsedNoneOnRecord
}

// relative returns a use that is told in words with its bounds counted from the collection,
// from 1970 on. "Last month" is the same all month: kept as a date, it would be another
// every night.
func relative(u inventory.LastUsed, collected time.Time) inventory.LastUsed {
	return shifted(u, func(at time.Time) time.Time { return time.Unix(0, 0).UTC().Add(at.Sub(collected)) })
}

// Absolute returns a use as [LastUse] keeps it with its bounds as of a collection.
func Absolute(u inventory.LastUsed, collected time.Time) inventory.LastUsed {
	return shifted(u, func(at time.Time) time.Time { return collected.Add(at.Sub(time.Unix(0, 0))).UTC() })
}

func shifted(u inventory.LastUsed, move func(time.Time) time.Time) inventory.LastUsed {
	if !worded(u) {
		return u
	}
	if !u.Earliest.IsZero() {
		u.Earliest = move(u.Earliest)
	}
	if !u.Latest.IsZero() {
		u.Latest = move(u.Latest)
	}
	return u
}

// inventorySources returns the sources as they were read.
func (o *Observation) inventorySources() ([]inventory.Source, error) {
	tokens := map[string][]inventory.Token{}
	collected := map[string]time.Time{}
	for _, s := range o.Sources {
		collected[s.ID] = s.CollectedAt
	}
	for _, seen := range o.Tokens {
		var t inventory.Token
		var use LastUse
		if err := errors.Join(json.Unmarshal([]byte(seen.Facts), &t), json.Unmarshal([]byte(seen.LastUse), &use)); err != nil {
			return nil, fmt.Errorf("the token %s in the store: %w", safetext.OneLine(seen.ID), err)
		}
		t.LastUsed = Absolute(use.LastUsed, collected[seen.Source])
		if use.ByAPI != nil {
			t.LastUsedByAPI = map[inventory.API]inventory.LastUsed{}
			for api, used := range use.ByAPI {
				t.LastUsedByAPI[api] = Absolute(used, collected[seen.Source])
			}
		}
		tokens[seen.Source] = append(tokens[seen.Source], t)
	}
	sources := make([]inventory.Source, len(o.Sources))
	for i, seen := range o.Sources {
		s := &sources[i]
		if err := json.Unmarshal([]byte(seen.Content), s); err != nil {
			return nil, fmt.Errorf("the source %s in the store: %w", safetext.OneLine(seen.ID), err)
		}
		s.CollectedAt, s.Tokens = seen.CollectedAt, tokens[seen.ID]
	}
	return sources, nil
}

// Inventory returns what the run read, as it was read.
func (o *Observation) Inventory() (inventory.Inventory, error) {
	inv := inventory.Inventory{Schema: inventory.Schema, Tool: o.Run.Tool, SourcesDigest: o.Run.SourcesDigest}
	if s := o.Run.Scope; s != nil {
		inv.Only, inv.OnlyLabels = s.Sources, s.Labels
	}
	var err error
	if inv.Sources, err = o.inventorySources(); err != nil {
		return inv, err
	}
	for _, s := range inv.Sources {
		if s.CollectedAt.After(inv.CollectedUntil) {
			inv.CollectedUntil = s.CollectedAt
		}
	}
	return inv, nil
}

// Packed returns a file as text.
func Packed(data []byte) (string, error) {
	var out bytes.Buffer
	w, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		return "", err
	}
	_, err = w.Write(data)
	if err := errors.Join(err, w.Close()); err != nil {
		return "", err
	}
	return base64.StdEncoding.EncodeToString(out.Bytes()), nil
}

// maxFile bounds a file that the store keeps, in bytes.
const maxFile = 1 << 30

// Unpacked undoes Packed.
func Unpacked(text string) ([]byte, error) {
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, err
	}
	r, err := gzip.NewReader(bytes.NewReader(raw))
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(io.LimitReader(r, maxFile+1))
	if err == nil && len(data) > maxFile {
		err = fmt.Errorf("it is larger than %d MiB", maxFile>>20)
	}
	return data, err
}

// OnlyRules returns the rules that the run was restricted to as |rule|rule|; empty for all.
func (r *Run) OnlyRules() string {
	if r.Scope == nil || len(r.Scope.Rules) == 0 {
		return ""
	}
	return "|" + strings.Join(r.Scope.Rules, "|") + "|"
}

// Before reports whether a run comes before another.
func (r *Run) Before(other *Run) bool {
	return Stamp(r.At)+r.ID < Stamp(other.At)+other.ID
}

// Stamp is how a store writes a time: it sorts as text.
func Stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// BodyID identifies a text: 160 bits of its SHA-256.
func BodyID(data string) string { return bodyIDOf([]byte(data)) }

func bodyIDOf(data []byte) string {
	sum := sha256.Sum256(data)
	return base64.RawURLEncoding.EncodeToString(sum[:20])
}

// Digest identifies texts in their order.
func Digest(texts ...string) string {
	size := 0
	for _, text := range texts {
		size += len(text) + len("1000:")
	}
	return bodyIDOf(appendTexts(make([]byte, 0, size), texts...))
}

// appendTexts appends texts so that others, in another order or divided otherwise, are others.
func appendTexts(to []byte, texts ...string) []byte {
	for _, text := range texts {
		to = strconv.AppendInt(to, int64(len(text)), 10)
		to = append(append(to, ':'), text...)
	}
	return to
}
