// Package report holds the one model that every output format renders, and the
// gate. What compares two reports, and each format, has a package of its own below it.
//
// A Builder gathers the judged sources, in any order and concurrently, and
// gives one Report. What a Report says depends on its inputs alone: the same
// inventory, rules, settings and audit time give the same bytes in every
// format. All text that comes from a CMS is untrusted; it is kept as it is in
// the model and made harmless by each format when it is written.
package report

import (
	"cmp"
	"strings"
	"time"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/policies/deadlines"
	"github.com/tokenaudit/tokenaudit/policies/input"
	"github.com/tokenaudit/tokenaudit/policies/owners"
	"github.com/tokenaudit/tokenaudit/policies/relaxation"
	"github.com/tokenaudit/tokenaudit/policies/risk"
)

// Unassigned means no team where teams are named.
const Unassigned = owners.Unassigned

// Schema names the version of the JSON report.
const Schema = "tokenaudit/report/v1"

// Report is the result of a run (ARCHITECTURE.md, section 10.1). Slices and maps are
// never nil unless their comment says so.
type Report struct {
	Schema        string         `json:"schema"`
	Tool          inventory.Tool `json:"tool"`
	Policies      PolicySet      `json:"policies"`
	ConfigDigest  string         `json:"config_digest"`
	WaiversDigest string         `json:"waivers_digest"`
	// Evidence are the files, besides the inventory, on which verdicts rest, sorted
	// by kind, file and digest; nil (and left out) without any.
	Evidence []Evidence `json:"evidence,omitempty"`
	// Scope says what the run was restricted to; nil for everything configured.
	Scope *Scope `json:"scope,omitempty"`
	// At is the audit time, UTC.
	At time.Time `json:"at"`
	// Complete is false when a unit of any source failed or was cut off, when a
	// rule could not run, or when there was no source. Accepting a gap does not
	// make a run complete; it only keeps the gate from failing on it.
	Complete bool    `json:"complete"`
	Summary  Summary `json:"summary"`
	Rules    []Rule  `json:"rules"`
	// Relaxed are the settings by which rules ask less than their controls need, by rule;
	// nil in reports of older versions, of which nobody knows.
	Relaxed []relaxation.Relaxation `json:"relaxed,omitzero"`
	Sources []Source                `json:"sources"`
	// Teams are those that the configuration assigns tokens to, sorted; nil (and left
	// out) where it assigns none.
	Teams []string `json:"teams,omitempty"`
	// Labelled has the verdicts by the labels of their sources and by team, sorted by
	// these, so that a part can be counted; nil (and left out) where there are neither
	// labels nor teams, or more than [MaxLabelled] combinations of them.
	Labelled []Labelled `json:"labelled,omitempty"`
	// Findings are sorted by severity, rule, token, source, key.
	Findings []*Finding `json:"findings"`
	Gaps     []Gap      `json:"gaps"`
	Allowed  []Allowed  `json:"allowed"`
	// Tokens is nil (and left out) with --no-inventory.
	Tokens       []Token       `json:"tokens,omitzero"`
	Waivers      WaiverReport  `json:"waivers"`
	AcceptedGaps []AcceptedGap `json:"accepted_gaps"`
	RuleErrors   []RuleError   `json:"rule_errors"`
	// Baseline identifies the report this one was compared to; nil without one.
	Baseline *BaselineRef `json:"baseline,omitempty"`
	// Deadlines are those of the configuration; nil (and left out) without any.
	Deadlines *deadlines.Deadlines `json:"deadlines,omitempty"`
	// Changes count what is new, resolved and so on since then; nil without a baseline.
	Changes *Changes `json:"changes,omitempty"`
	// Resolved are the findings of the baseline that are gone; nil without a baseline.
	Resolved []*Finding `json:"resolved,omitzero"`
	// Stale are the findings of the baseline about what could not be read this
	// time: nobody knows whether they are gone. Nil without a baseline.
	Stale []*Finding `json:"stale,omitzero"`
	// Framework is the report control by control; nil unless it was asked for.
	Framework *FrameworkView `json:"framework,omitempty"`
}

// PolicySet identifies the rules that judged.
type PolicySet struct {
	Digest string `json:"digest"`
	// OPA is the version of the engine.
	OPA string `json:"opa"`
}

// EvidenceKind says what a file of evidence is.
type EvidenceKind string

// The kinds of evidence.
const (
	// EvidenceUsage: a usage file of the configuration.
	EvidenceUsage EvidenceKind = "usage"
	// EvidencePrevious: an earlier inventory.
	EvidencePrevious EvidenceKind = "previous"
)

// Evidence identifies a file on which verdicts rest.
type Evidence struct {
	Kind EvidenceKind `json:"kind"`
	// File is its name without folders.
	File string `json:"file"`
	// SHA256 is the digest of its content, in hex.
	SHA256 string `json:"sha256"`
}

func compareEvidence(a, b Evidence) int {
	return cmp.Or(strings.Compare(string(a.Kind), string(b.Kind)), strings.Compare(a.File, b.File), strings.Compare(a.SHA256, b.SHA256))
}

// Summary counts.
type Summary struct {
	Sources  int             `json:"sources"`
	Tokens   int             `json:"tokens"`
	Findings SeverityCounts  `json:"findings"`
	Statuses policies.Counts `json:"statuses"`
}

// SeverityCounts counts findings that are not waived.
type SeverityCounts struct {
	Critical int `json:"critical"`
	High     int `json:"high"`
	Medium   int `json:"medium"`
	Low      int `json:"low"`
	Info     int `json:"info"`
}

// Rule is a rule as the report shows it.
type Rule struct {
	ID    string `json:"id"`
	Title string `json:"title"`
	// Goal states what is wanted; empty in reports of older versions.
	Goal        string              `json:"goal,omitempty"`
	Description string              `json:"description"`
	Severity    policies.Severity   `json:"severity"`
	Controls    map[string][]string `json:"controls"`
	Remediation map[string]string   `json:"remediation"`
	// Fix is the kind of step that removes a finding, and PartOf the rule whose finding
	// on a token contains this one's; both are empty in reports of older versions.
	Fix    policies.Fix   `json:"fix,omitempty"`
	PartOf string         `json:"part_of,omitempty"`
	Params map[string]any `json:"params"`
	// WaiverNeedsKey: a waiver covers only the finding whose key it names.
	WaiverNeedsKey bool            `json:"waiver_needs_key,omitempty"`
	Statuses       policies.Counts `json:"statuses"`
}

// Source is a source without its tokens, and their number.
type Source struct {
	inventory.Source
	// Tokens shadows the tokens of the embedded source.
	Tokens int `json:"tokens"`
	// Others: it has tokens that Tokens does not count, as the report is not of their teams.
	Others bool `json:"others,omitempty"`
	// Team answers for the source itself; empty for none.
	Team string `json:"team,omitempty"`
	// Uncertain are its tokens for which another team may answer, counted; those that may be
	// of the teams that the report is of. Nil (and left out) for none.
	Uncertain []policies.Uncertain `json:"uncertain,omitempty"`
	// NotAsked are the rules that judged none of its tokens, or not all, because what they
	// judge with was not given; nil (and left out) for none.
	NotAsked []policies.NotAsked `json:"not_asked,omitempty"`
	// Risk counts its tokens by risk; nil where it was not judged, as in reports of older
	// versions.
	Risk *RiskCounts `json:"risk,omitempty"`
}

// Labelled are the verdicts on all sources that have the same labels; where there are
// teams, those on the tokens of one team.
type Labelled struct {
	// Labels are empty for sources without any.
	Labels map[string]string `json:"labels"`
	// Team is empty for what no team answers for, and where there are no teams.
	Team string `json:"team,omitempty"`
	// Unread: the verdicts are about what was not read, in which any team may have
	// tokens. Team is empty then.
	Unread bool `json:"unread,omitempty"`
	// Tokens is how many tokens of the team each source has, by its id; nil without a team.
	Tokens map[string]int `json:"tokens,omitempty"`
	// Statuses are by rule; a rule without a verdict is left out.
	Statuses map[string]policies.Counts `json:"statuses"`
}

// BaselineState says how a finding relates to the baseline.
type BaselineState string

// The states of a finding against a baseline.
const (
	BaselineNew BaselineState = "new"
	// BaselineReopened: it was resolved, and is back.
	BaselineReopened  BaselineState = "reopened"
	BaselineUnchanged BaselineState = "unchanged"
)

// IsNew reports whether the baseline did not have the finding.
func (s BaselineState) IsNew() bool { return s == BaselineNew || s == BaselineReopened }

// Owner is who owns a token, as the CMS tells it.
type Owner struct {
	Type inventory.OwnerType `json:"type"`
	// ID is the CMS's own; empty where it is unknown.
	ID string `json:"id,omitempty"`
	// Name is untrusted text; empty where it is unknown.
	Name  string               `json:"name,omitempty"`
	State inventory.OwnerState `json:"state"`
	// Reason says why the owner or their state is unknown, where one of them is.
	Reason string `json:"reason,omitempty"`
}

// Finding is a failed or waived verdict.
type Finding struct {
	// Fingerprint identifies the finding over runs; see Fingerprint.
	Fingerprint string            `json:"fingerprint"`
	Rule        string            `json:"rule"`
	Severity    policies.Severity `json:"severity"`
	// Status is fail or waived.
	Status policies.Status `json:"status"`
	// Baseline is empty without a baseline.
	Baseline BaselineState `json:"baseline,omitempty"`
	// Resolution says why a finding in Resolved or Stale is there; else empty.
	Resolution Resolution `json:"resolution,omitempty"`
	// FirstSeen is the audit time, UTC, of the earliest run that is known to have had the
	// finding, waived or not; zero where no earlier run is known.
	FirstSeen time.Time `json:"first_seen,omitzero"`
	// LastSeen is the audit time of the last run that had it, of a finding in Resolved or
	// Stale; nil for others, which this run has, and where it is unknown.
	LastSeen *time.Time `json:"last_seen,omitempty"`
	// OpenDays are whole days from FirstSeen to the audit time, which for a resolved finding
	// is when that was noticed; nil where it is unknown.
	OpenDays *int `json:"open_days,omitempty"`
	// Reopened is how many times it is known to have come back after it was resolved.
	Reopened int `json:"reopened,omitempty"`
	// WaivedDays is how many of the days since FirstSeen it was waived, as the runs show.
	WaivedDays int `json:"waived_days,omitempty"`
	// Due is the last day, YYYY-MM-DD, UTC, on which the finding may be there; empty without
	// a deadline, and where FirstSeen is unknown. OverdueDays is how long that is past, in
	// days; 0 where it is not. A waived finding may be overdue, and fails no gate.
	Due         string `json:"due,omitempty"`
	OverdueDays int    `json:"overdue_days,omitempty"`
	CMS         string `json:"cms"`
	Source      string `json:"source"`
	// Token is empty for a finding about a source.
	Token string `json:"token,omitempty"`
	// TokenName is untrusted text of the CMS's users.
	TokenName string         `json:"token_name,omitempty"`
	Kind      inventory.Kind `json:"kind,omitempty"`
	// Access is what the token can do; empty for a source, and in reports of older versions.
	Access inventory.Level `json:"access,omitempty"`
	// Risk is the score of the token; nil for a source, and in reports of older versions.
	Risk *risk.Score `json:"risk,omitempty"`
	// Owner is nil for a finding about a source.
	Owner *Owner `json:"owner,omitempty"`
	// Team answers for the token, or for the source where the rule is about sources, as the
	// configuration assigns them; empty for none.
	Team string `json:"team,omitempty"`
	// Key tells several findings of one rule on one subject apart; usually empty.
	Key string `json:"key,omitempty"`
	// Message quotes untrusted text.
	Message     string `json:"message"`
	Remediation string `json:"remediation"`
	// Evidence are the facts that the verdict rests on.
	Evidence Object `json:"evidence"`
	// URL opens the CMS's page for the token, else for the source; may be empty.
	URL string `json:"url"`
	// Planned is set for a token of a change, Address for what is declared in
	// code: such a token, or a literal.
	Planned inventory.Planned `json:"planned,omitempty"`
	Address string            `json:"address,omitempty"`
	// Origin is where that is declared, else where the source is configured.
	Origin *inventory.Origin `json:"origin,omitempty"`
	// Waiver is set for a waived finding.
	Waiver *policies.Waiver `json:"waiver,omitempty"`
}

// Gap groups the pairs of a rule and a source that were not evaluated for one reason.
type Gap struct {
	Rule string `json:"rule"`
	// Severity is the rule's for this source.
	Severity policies.Severity `json:"severity"`
	Source   string            `json:"source"`
	// Team is that of the tokens, or of the source for a rule about sources. It is empty
	// for no team, and for lists that were not read.
	Team string `json:"team,omitempty"`
	// Unread: the gap is a list that was not read, in which any team may have tokens.
	Unread bool   `json:"unread,omitempty"`
	Reason string `json:"reason"`
	Count  int    `json:"count"`
	// Sample has up to 3 token ids, the first in order; empty for a rule about sources.
	Sample []string `json:"sample"`
}

// Allowed is a pass worth explaining.
type Allowed struct {
	Rule   string `json:"rule"`
	Source string `json:"source"`
	Token  string `json:"token"`
	// Team is as in Finding.
	Team    string `json:"team,omitempty"`
	Message string `json:"message"`
}

// Token is a token with what evaluation derived and its verdicts.
type Token struct {
	inventory.Token
	input.Derived
	// Verdicts has every status but pass and not_applicable, by rule.
	Verdicts map[string]policies.Status `json:"verdicts"`
	// Risk is the score and what it is made of; nil in reports of older versions.
	Risk *risk.Risk `json:"risk,omitempty"`
}

// WaiverReport says what became of the waivers, each list in the order of the
// configuration.
type WaiverReport struct {
	// Applied cover at least one finding.
	Applied []Waiver `json:"applied"`
	// Expired are past their date and cover nothing any more.
	Expired []Waiver `json:"expired"`
	// Unmatched are in force and cover nothing.
	Unmatched []Waiver `json:"unmatched"`
}

// Waiver is a waiver and what it does in this run.
type Waiver struct {
	policies.Waiver
	// Findings is how many findings it covers; of an expired one, how many it
	// would cover.
	Findings int `json:"findings"`
	// ExpiresInDays counts whole days to the end of its last day; negative once past.
	ExpiresInDays int `json:"expires_in_days"`
}

// RuleError is a rule that could not judge a source.
type RuleError struct {
	Rule   string `json:"rule"`
	Source string `json:"source"`
	Detail string `json:"detail"`
}

// WaivedAt reports whether the finding is waived at a moment: the waiver of one that a
// baseline had, and that could not be checked again, may have ended since.
func (f *Finding) WaivedAt(at time.Time) bool {
	return f.Status == policies.Waived && (f.Waiver == nil || !f.Waiver.Expired(at))
}

// CoveredBy reports whether a waiver covers the finding, whether it has expired or not.
func (f *Finding) CoveredBy(w policies.Waiver) bool {
	return w.Covers(policies.Waivable{Rule: f.Rule, Subject: f.Subject(), Name: f.TokenName, Key: f.Key})
}

// Subject returns the id of what the finding is about: its token, or else its source.
func (f *Finding) Subject() string {
	if f.Token != "" {
		return f.Token
	}
	return f.Source
}
