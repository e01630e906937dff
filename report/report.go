// Package report holds the one model that every output format renders, the
// formats, the gate and the baseline.
package report

import (
	"time"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/policies"
)

// Schema names the version of the JSON report.
const Schema = "tokenaudit/report/v1"

// Report is the result of a run (design, section 8.1). Slices are never nil.
type Report struct {
	Schema        string         `json:"schema"`
	Tool          inventory.Tool `json:"tool"`
	Policies      PolicySet      `json:"policies"`
	ConfigDigest  string         `json:"config_digest"`
	WaiversDigest string         `json:"waivers_digest"`
	At            time.Time      `json:"at"`
	Complete      bool           `json:"complete"`
	Summary       Summary        `json:"summary"`
	Rules         []Rule         `json:"rules"`
	Sources       []Source       `json:"sources"`
	Findings      []Finding      `json:"findings"`
	Gaps          []Gap          `json:"gaps"`
	Allowed       []Allowed      `json:"allowed"`
	// Tokens is nil (and left out) with --no-inventory.
	Tokens       []Token       `json:"tokens,omitempty"`
	Waivers      WaiverReport  `json:"waivers"`
	AcceptedGaps []AcceptedGap `json:"accepted_gaps"`
	RuleErrors   []RuleError   `json:"rule_errors"`
	// Resolved is nil without a baseline.
	Resolved []Finding `json:"resolved,omitempty"`
}

// PolicySet identifies the rules that judged.
type PolicySet struct {
	Digest string `json:"digest"`
	OPA    string `json:"opa"`
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
	ID          string              `json:"id"`
	Title       string              `json:"title"`
	Description string              `json:"description"`
	Severity    policies.Severity   `json:"severity"`
	Controls    map[string][]string `json:"controls"`
	Remediation map[string]string   `json:"remediation"`
	Params      map[string]any      `json:"params"`
	Statuses    policies.Counts     `json:"statuses"`
}

// Source is a source without its tokens, and their number.
type Source struct {
	inventory.Source
	// Tokens shadows the tokens of the embedded source.
	Tokens int `json:"tokens"`
}

// Finding is a failed or waived verdict.
type Finding struct {
	Fingerprint string            `json:"fingerprint"`
	Rule        string            `json:"rule"`
	Severity    policies.Severity `json:"severity"`
	Status      policies.Status   `json:"status"`
	// Baseline is "new" or "unchanged"; empty without a baseline.
	Baseline    string            `json:"baseline,omitempty"`
	CMS         string            `json:"cms"`
	Source      string            `json:"source"`
	Token       string            `json:"token,omitempty"`
	TokenName   string            `json:"token_name,omitempty"`
	Kind        inventory.Kind    `json:"kind,omitempty"`
	Key         string            `json:"key,omitempty"`
	Message     string            `json:"message"`
	Remediation string            `json:"remediation"`
	Evidence    map[string]any    `json:"evidence"`
	URL         string            `json:"url"`
	Origin      *inventory.Origin `json:"origin,omitempty"`
	Waiver      *policies.Waiver  `json:"waiver,omitempty"`
}

// Gap groups the pairs of a rule and a source that were not evaluated for one reason.
type Gap struct {
	Rule   string `json:"rule"`
	Source string `json:"source"`
	Reason string `json:"reason"`
	Count  int    `json:"count"`
	// Sample has up to 3 token ids.
	Sample []string `json:"sample"`
}

// Allowed is a pass worth explaining.
type Allowed struct {
	Rule    string `json:"rule"`
	Source  string `json:"source"`
	Token   string `json:"token"`
	Message string `json:"message"`
}

// Token is a token with what evaluation derived and its verdicts.
type Token struct {
	inventory.Token
	policies.Derived
	// Verdicts has every status but pass and not_applicable, by rule.
	Verdicts map[string]policies.Status `json:"verdicts"`
}

// WaiverReport says what became of the waivers.
type WaiverReport struct {
	Applied   []policies.Waiver `json:"applied"`
	Expired   []policies.Waiver `json:"expired"`
	Unmatched []policies.Waiver `json:"unmatched"`
}

// AcceptedGap is a unit that could not be read and that somebody accepted.
type AcceptedGap struct {
	Source     string           `json:"source"`
	Unit       string           `json:"unit"`
	Reason     string           `json:"reason"`
	Owner      string           `json:"owner"`
	ApprovedBy string           `json:"approved_by"`
	Expires    string           `json:"expires"`
	Origin     inventory.Origin `json:"origin,omitzero"`
}

// RuleError is a rule that could not judge a source.
type RuleError struct {
	Rule   string `json:"rule"`
	Source string `json:"source"`
	Detail string `json:"detail"`
}
