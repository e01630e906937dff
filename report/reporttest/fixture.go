// Package reporttest holds the reports that the tests of the formats share. It is
// for tests only.
package reporttest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/policies/deadlines"
	"github.com/tokenaudit/tokenaudit/policies/frameworks"
	"github.com/tokenaudit/tokenaudit/policies/input"
	"github.com/tokenaudit/tokenaudit/policies/owners"
	"github.com/tokenaudit/tokenaudit/policies/relaxation"
	"github.com/tokenaudit/tokenaudit/policies/risk"
	"github.com/tokenaudit/tokenaudit/report"
	"github.com/tokenaudit/tokenaudit/report/baseline"
	"github.com/tokenaudit/tokenaudit/report/difference"
)

// AuditTime is the audit time of every test.
var AuditTime = time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC)

// DaysAgo is a time before AuditTime.
func DaysAgo(n int) time.Time { return AuditTime.AddDate(0, 0, -n) }

func at(t time.Time) inventory.Timestamp {
	return inventory.Timestamp{State: inventory.TimestampAt, At: t}
}

func unknownTime(reason string) inventory.Timestamp {
	return inventory.Timestamp{State: inventory.TimestampUnknown, Reason: reason}
}

// SampleRules are five rules with everything a report shows of a rule.
func SampleRules() []policies.Rule {
	fix := func(def string, more ...string) map[string]string {
		m := map[string]string{"default": def}
		for i := 0; i+1 < len(more); i += 2 {
			m[more[i]] = more[i+1]
		}
		return m
	}
	return []policies.Rule{
		{
			ID: "write-token-never-expires", Title: "Write token never expires", Goal: "Write tokens expire", Severity: policies.High, Subject: policies.SubjectToken,
			Description: "A token that can write and never expires stays usable for anyone who ever copied it.",
			Controls:    map[string][]string{"owasp_nhi": {"NHI7:2025"}, "nist_800_53": {"IA-5"}},
			Fix:         policies.FixExpiry,
			Remediation: fix("Give the token an expiry date, or replace it with one that has one.",
				"datocms", "DatoCMS tokens cannot expire. Rotate it on a schedule, or make it delivery-only."),
		},
		{
			ID: "delivery-token-one-environment", Title: "Delivery token opens several environments", Goal: "A delivery token opens one environment", Severity: policies.Medium, Subject: policies.SubjectToken,
			Description: "A delivery token that opens several environments lets a test site read production.",
			Controls:    map[string][]string{"owasp_nhi": {"NHI8:2025"}, "nist_800_53": {"AC-6", "CM-4(1)"}},
			Remediation: fix("Make one token for each environment."),
		},
		{
			ID: "unused-token", Title: "Unused tokens must go", Severity: policies.Medium, Subject: policies.SubjectToken,
			Description: "A token that nobody uses is only useful to a thief.",
			Controls:    map[string][]string{"owasp_nhi": {"NHI1:2025"}, "nist_800_53": {"AC-2(3)"}},
			Values:      map[string]any{"max_idle_days": 90, "no_record": "fail"},
			Fix:         policies.FixDelete,
			Remediation: fix("Delete the token."),
		},
		{
			ID: "delivery-token-can-write", Title: "Delivery tokens must not write", Severity: policies.Critical, Subject: policies.SubjectToken,
			Description: "A delivery token ends up in browsers.", Remediation: fix("Take the write permission away."),
			Controls: map[string][]string{"owasp_nhi": {"NHI5:2025"}},
		},
		{
			ID: "token-limit-near", Title: "The stack is near its token limit", Severity: policies.Low, Subject: policies.SubjectSource,
			Description: "The next management token expires the oldest.", Remediation: fix("Delete tokens that nobody needs."),
			Values: map[string]any{"limit": 10},
		},
	}
}

func sampleFacts() inventory.Facts {
	return inventory.Facts{
		inventory.FactExpiry:   {Reported: inventory.SupportYes},
		inventory.FactLastUsed: {Reported: inventory.SupportNo, Reason: "this CMS does not record use"},
	}
}

// SampleToken is a delivery token made 400 days ago.
func SampleToken(source inventory.Source, kind inventory.Kind, path, name string) inventory.Token {
	ref := path[strings.LastIndex(path, "/")+1:]
	token := inventory.Token{
		ID: source.ID + "/" + path, Ref: ref, CMS: source.CMS, Source: source.ID, Name: name, Kind: kind,
		URL:          source.URL + "/" + ref,
		APIs:         []inventory.API{inventory.ContentDelivery},
		Access:       inventory.Access{Level: inventory.LevelRead, ManagesTokens: inventory.No, Grants: []string{"read"}},
		Environments: inventory.Scope{State: inventory.ScopeListed, Items: []inventory.ScopeItem{{ID: "main", Primary: inventory.Yes, Exists: inventory.Yes}}, Effective: 1},
		CreatedAt:    at(DaysAgo(400)), UpdatedAt: unknownTime("this CMS does not report it"), RevokedAt: inventory.Timestamp{State: inventory.TimestampNone},
		Expiry:   inventory.Expiry{State: inventory.ExpiryNever, Supported: true},
		LastUsed: inventory.LastUsed{State: inventory.LastUsedUnknown, Reason: "this CMS does not record use"},
		Traits:   inventory.Traits{Factory: inventory.No, NotifiesBeforeExpiry: inventory.Unknown},
		Owner:    inventory.Owner{Type: inventory.OwnerUnknown, State: inventory.OwnerStateUnknown, Level: inventory.LevelUnknown, LastActive: unknownTime("not reported")},
		Secret:   inventory.Secret{Readable: inventory.Yes},
		Origin:   source.Origin,
	}
	if kind != inventory.Delivery && kind != inventory.Preview {
		token.APIs = []inventory.API{inventory.ContentManagement}
		token.Access = inventory.Access{Level: inventory.LevelWrite, Write: true, ManagesTokens: inventory.Unknown, Grants: []string{"write:entries"}}
		token.Role = &inventory.Role{ID: "r1", Name: "Editor", Level: inventory.LevelWrite}
	}
	return token
}

// SampleSource is a source without tokens, read completely unless the units say else.
// The first unit, which is the plan where none is given, lists tokens of all kinds
// unless the units have kinds.
func SampleSource(cms, id string, kind inventory.SourceKind, name string, units ...inventory.Unit) inventory.Source {
	if len(units) == 0 {
		units = []inventory.Unit{Complete("plan")}
	}
	if !slices.ContainsFunc(units, func(u inventory.Unit) bool { return len(u.Kinds) > 0 }) {
		units = slices.Clone(units)
		units[0].Kinds = inventory.AllKinds()
	}
	return inventory.Source{
		ID: id, CMS: cms, Kind: kind, Name: name, Host: "api." + cms + ".example", URL: "https://app." + cms + ".example/" + id,
		CollectedAt: AuditTime.Add(-time.Hour), Units: units, Facts: sampleFacts(), Auditor: inventory.Auditor{ReadsSecrets: inventory.Yes, Writes: inventory.No, Necessary: inventory.Yes},
		Labels: map[string]string{"team": "web"}, Origin: inventory.Origin{File: "tokenaudit.yaml", Line: 4},
	}
}

// Complete is a unit that was read.
func Complete(name string, kinds ...inventory.Kind) inventory.Unit {
	return inventory.Unit{Name: name, Kinds: kinds, Status: inventory.UnitComplete}
}

// Judged is a source with its judgement.
type Judged struct {
	Source inventory.Source
	Result policies.Result
}

// Judge files verdicts with a source as an engine would.
func Judge(source inventory.Source, rules []policies.Rule, verdicts ...policies.Verdict) Judged {
	result := policies.Result{Counts: map[string]policies.Counts{}, Team: SampleOwners.Team(&source, nil)}
	counts := map[string]policies.Counts{}
	teams := teamsOf(source)
	about := map[string]policies.Subject{}
	for _, rule := range rules {
		counts[rule.ID] = policies.Counts{Pass: len(source.Tokens)}
		about[rule.ID] = rule.Subject
	}
	severities := map[string]policies.Severity{}
	for _, rule := range rules {
		severities[rule.ID] = rule.Severity
	}
	for _, v := range verdicts {
		v.Source = source.ID
		if v.Severity == "" {
			v.Severity = severities[v.Rule]
		}
		c := counts[v.Rule]
		tally(&c, v.Status)
		if v.Token != "" || about[v.Rule] == policies.SubjectSource { // else it is about a list that was not read
			c.Pass = max(0, c.Pass-1)
		}
		change := c.Minus(counts[v.Rule])
		counts[v.Rule] = c
		team := teams[v.Token]
		if about[v.Rule] == policies.SubjectSource {
			team = result.Team
		}
		addTeam(&result, team, v.Rule, change)
		result.Verdicts = append(result.Verdicts, v)
	}
	result.Counts = counts
	creditPasses(&result, &source, rules, teams)
	for _, token := range source.Tokens {
		d := input.Derived{Status: input.Active, Team: teams[token.ID]}
		if token.CreatedAt.State == inventory.TimestampAt {
			d.AgeDays = new(int(AuditTime.Sub(token.CreatedAt.At).Hours() / 24))
		}
		if token.Expiry.State == inventory.ExpiryAt {
			left := int(token.Expiry.At.Sub(AuditTime).Hours() / 24)
			d.ExpiresInDays = &left
			if left < 0 {
				d.Status = input.Expired
			}
		}
		if token.LastUsed.State == inventory.LastUsedAt {
			n := int(AuditTime.Sub(token.LastUsed.At).Hours() / 24)
			d.UnusedDays = &input.UnusedDays{Min: n, Max: &n}
		}
		result.Derived = append(result.Derived, d)
		result.Risks = append(result.Risks, sampleRisk(&token, d.Status))
	}
	result.Source = source
	result.Source.Tokens = nil
	return Judged{source, result}
}

// sampleRisk is a small model of the risk of a token.
func sampleRisk(token *inventory.Token, status input.TokenStatus) risk.Risk {
	if status != input.Active {
		return risk.Inactive(string(status))
	}
	factors := []risk.Factor{{Name: "age", Max: 5, Reason: "how old it is is not known exactly"}}
	if token.Access.Write {
		factors = append(factors, risk.Factor{Name: "access", Min: 25, Max: 25, Reason: "can change content"})
	}
	if token.Expiry.State == inventory.ExpiryNever {
		factors = append(factors, risk.Factor{Name: "expiry", Min: 8, Max: 8, Reason: "never expires"})
	}
	return risk.Sum(factors, risk.Bands{Severe: 60, High: 45, Moderate: 30})
}

// SampleOwners assign the tokens of the sample to two teams, and leave some without.
var SampleOwners = owners.Patterns{{Team: "web", Source: "contentful/*"}, {Team: "shop", Label: "team=shop"}, {Team: "shop", Name: "Shop *"}}

// teamsOf returns the teams of the tokens of a source, by id.
func teamsOf(source inventory.Source) map[string]string {
	teams := map[string]string{}
	for i := range source.Tokens {
		teams[source.Tokens[i].ID] = SampleOwners.Team(&source, &source.Tokens[i])
	}
	return teams
}

func addTeam(r *policies.Result, team, rule string, counts policies.Counts) {
	if team == "" {
		return
	}
	if r.Teams == nil {
		r.Teams = map[string]map[string]policies.Counts{}
	}
	if r.Teams[team] == nil {
		r.Teams[team] = map[string]policies.Counts{}
	}
	r.Teams[team][rule] = r.Teams[team][rule].Plus(counts)
}

// creditPasses credits the teams with the passes that Judge begins with.
func creditPasses(result *policies.Result, source *inventory.Source, rules []policies.Rule, teams map[string]string) {
	for i := range source.Tokens {
		for _, rule := range rules {
			team := teams[source.Tokens[i].ID]
			if rule.Subject == policies.SubjectSource {
				team = result.Team
			}
			addTeam(result, team, rule.ID, policies.Counts{Pass: 1})
		}
	}
}

// tally counts a verdict.
func tally(c *policies.Counts, status policies.Status) {
	switch status {
	case policies.Fail:
		c.Fail++
	case policies.Waived:
		c.Waived++
	case policies.NotEvaluated:
		c.NotEvaluated++
	case policies.Pass:
		c.Pass++
	}
}

var sampleWaiver = policies.Waiver{
	Rule: "write-token-never-expires", Token: "datocms/projects/77/access_tokens/*", Reason: "DatoCMS has no expiry; rotated quarterly under SEC-112",
	Owner: "platform@example.com", ApprovedBy: "ciso@example.com", Expires: "2026-03-20", Origin: inventory.Origin{File: "tokenaudit.yaml", Line: 30},
}

// SampleOptions are the build options of the sample report.
func SampleOptions() report.BuildOptions {
	expired, idle := sampleWaiver, sampleWaiver
	expired.Rule, expired.Token, expired.Expires = "delivery-token-one-environment", "contentful/*", "2026-03-01"
	idle.Rule, idle.Token, idle.Expires = "unused-token", "strapi/*", "2026-12-31"
	return report.BuildOptions{
		Tool: inventory.Tool{Name: "tokenaudit", Version: "1.2.3"}, At: AuditTime, Rules: SampleRules(),
		PolicyDigest: "sha256:" + strings.Repeat("ab", 32), OPAVersion: "1.22.2",
		Relaxed: []relaxation.Relaxation{
			{Rule: "unused-token", Kind: relaxation.Parameter, Parameter: "max_idle_days", Value: "365", Needs: "at most 90", Controls: map[string][]string{"pci_dss": {"8.2.6"}}, Origin: inventory.Origin{File: "tokenaudit.yaml", Line: 14}},
			{Rule: "write-token-never-expires", Kind: relaxation.Off, Sources: "datocms/*", Controls: map[string][]string{"owasp_nhi": {"NHI7:2025"}, "soc2": {"CC6.1"}}, Origin: inventory.Origin{File: "tokenaudit.yaml", Line: 20}},
		},
		ConfigDigest: "sha256:" + strings.Repeat("cd", 32), WaiversDigest: "sha256:" + strings.Repeat("ef", 32),
		Evidence: []report.Evidence{
			{Kind: report.EvidenceUsage, File: "cdn.csv", SHA256: strings.Repeat("12", 32)},
			{Kind: report.EvidencePrevious, File: "october.json", SHA256: strings.Repeat("34", 32)},
		},
		Waivers: []policies.Waiver{sampleWaiver, expired, idle}, Teams: SampleOwners.Teams(),
		AcceptedGaps: []report.AcceptedGap{
			{Source: "contentful/organizations/*", Unit: "access_tokens", Reason: "no owner rights until the audit in June", Owner: "web@example.com", ApprovedBy: "ciso@example.com", Expires: "2026-06-30"},
			{Source: "strapi/*", Unit: "*", Reason: "being replaced", Owner: "web@example.com", ApprovedBy: "ciso@example.com", Expires: "2026-01-31"},
		},
	}
}

// SampleSources are four sources that hit everything a report can say.
func SampleSources() []Judged { //nolint:funlen // a list of cases
	rules := SampleRules()
	verdict := func(rule string, status policies.Status, token, text string, evidence map[string]any) policies.Verdict {
		v := policies.Verdict{Rule: rule, Status: status, Token: token, Evidence: evidence}
		if status == policies.NotEvaluated {
			v.Reason = text
		} else {
			v.Message = text
		}
		return v
	}

	space := SampleSource("contentful", "contentful/spaces/abc123", inventory.KindSpace, "Corporate site", Complete("api_keys", inventory.Delivery), Complete("preview_api_keys", inventory.Preview))
	web := SampleToken(space, inventory.Delivery, "api_keys/6gv", "Website")
	web.Environments.Items = append(web.Environments.Items, inventory.ScopeItem{ID: "staging", Primary: inventory.No, Exists: inventory.Yes})
	web.Environments.Effective = 2
	preview := SampleToken(space, inventory.Preview, "preview_api_keys/9x", "Website")
	preview.Twin = web.ID
	space.Tokens = []inventory.Token{web, preview}

	organization := SampleSource("contentful", "contentful/organizations/o1", inventory.KindOrganization, "Example Inc.",
		inventory.Unit{Name: "access_tokens", Kinds: []inventory.Kind{inventory.Personal}, Status: inventory.UnitPartial, Error: inventory.ErrPermissionDenied, Detail: "only the caller's own tokens", Hint: "make the auditor an owner of the organization"})
	person := SampleToken(organization, inventory.Personal, "access_tokens/p1", "Ann's laptop")
	person.Owner = inventory.Owner{Type: inventory.OwnerPerson, ID: "u1", Name: "Ann", State: inventory.OwnerActive, Level: inventory.LevelAdmin, LastActive: at(DaysAgo(1))}
	person.LastUsed = inventory.LastUsed{State: inventory.LastUsedAt, At: DaysAgo(200), Evidence: inventory.EvidenceCMS}
	person.Expiry = inventory.Expiry{State: inventory.ExpiryAt, At: DaysAgo(-20), Precision: inventory.PrecisionInstant, Supported: true}
	organization.Tokens = []inventory.Token{person}

	stack := SampleSource("contentstack", "contentstack/stacks/blt9f", inventory.KindStack, "Shop", Complete("delivery_tokens", inventory.Delivery, inventory.Preview),
		inventory.Unit{Name: "management_tokens", Kinds: []inventory.Kind{inventory.Management}, Status: inventory.UnitFailed, Error: inventory.ErrPermissionDenied, Detail: "403: the credential may not list management tokens", Hint: "make it Owner or Admin of the stack"})
	stack.Tokens = []inventory.Token{SampleToken(stack, inventory.Delivery, "delivery_tokens/bltD", "Shop front")}

	project := SampleSource("datocms", "datocms/projects/77", inventory.KindProject, "Blog", Complete("access_tokens", inventory.Delivery, inventory.Preview, inventory.Management))
	project.Labels = map[string]string{"team": "shop", "env": "prod"}
	project.Tokens = []inventory.Token{
		SampleToken(project, inventory.Delivery, "access_tokens/100", "Read-only API token"),
		SampleToken(project, inventory.Management, "access_tokens/312", "Importer"),
		SampleToken(project, inventory.Management, "access_tokens/400", "Full-access API token"),
	}

	plan := SampleSource("terraform", "terraform/web", inventory.KindPlan, "web")
	plan.URL, plan.Labels, plan.Origin = "", nil, inventory.Origin{File: "plan.json"}
	planned := SampleToken(plan, inventory.Management, `contentful_personal_access_token.ci%5B%22a%22%5D`, "CI")
	planned.Planned, planned.Address, planned.URL = inventory.PlannedCreate, `contentful_personal_access_token.ci["a"]`, ""
	planned.Origin = inventory.Origin{File: "infra/tokens.tf", Line: 12}
	plan.Tokens = []inventory.Token{planned}

	silent := "this CMS does not record use"
	waived := verdict("write-token-never-expires", policies.Waived, project.Tokens[1].ID, `management token "Importer" can write and never expires`, nil)
	waived.Waiver = &sampleWaiver
	return []Judged{
		Judge(space, rules,
			verdict("delivery-token-one-environment", policies.Fail, web.ID, `delivery token "Website" opens 2 environments: main, staging`, map[string]any{"environments": []any{"main", "staging"}}),
			verdict("unused-token", policies.NotEvaluated, web.ID, silent, nil),
			verdict("unused-token", policies.NotEvaluated, preview.ID, silent, nil)),
		Judge(organization, rules,
			verdict("unused-token", policies.Fail, person.ID, `personal token "Ann's laptop" has not been used for 200 days`, map[string]any{"unused_days": 200, "proven": true})),
		Judge(stack, rules,
			verdict("token-limit-near", policies.NotEvaluated, "", "management_tokens could not be read: permission_denied", nil),
			verdict("unused-token", policies.NotEvaluated, stack.Tokens[0].ID, silent, nil)),
		Judge(project, rules,
			verdict("delivery-token-can-write", policies.Pass, project.Tokens[0].ID, "write role, but delivery API only", nil),
			verdict("delivery-token-can-write", policies.Fail, project.Tokens[2].ID, `management token "Full-access API token" reaches the delivery API and can write`, map[string]any{"assumed": true}),
			waived,
			verdict("token-limit-near", policies.Fail, "", "the project is one below its limit of 4 tokens", map[string]any{"limit": 4})),
		Judge(plan, rules,
			verdict("write-token-never-expires", policies.Fail, planned.ID, `planned personal token "CI" can write and never expires`, map[string]any{"address": planned.Address})),
	}
}

// Build builds a report from judged sources, in the order given.
func Build(options report.BuildOptions, sources []Judged) *report.Report {
	b := report.NewBuilder(options)
	for _, j := range sources {
		b.Add(j.Source, j.Result)
	}
	return b.Report()
}

// Sample is the report that the golden files show.
func Sample() *report.Report { return Build(SampleOptions(), SampleSources()) }

// Empty is that of a run with one source, no tokens and no findings.
func Empty() *report.Report {
	options := SampleOptions()
	options.Waivers, options.AcceptedGaps = nil, nil
	source := SampleSource("datocms", "datocms/projects/1", inventory.KindProject, "Empty", Complete("access_tokens"))
	return Build(options, []Judged{Judge(source, options.Rules)})
}

// LargeSources makes sources with tokens of which each fails one rule.
func LargeSources(sources, tokens int) []Judged {
	rules := SampleRules()
	all := make([]Judged, 0, sources)
	for s := range sources {
		cms := []string{"contentful", "contentstack", "datocms"}[s%3]
		source := SampleSource(cms, fmt.Sprintf("%s/projects/%04d", cms, s), inventory.KindProject, fmt.Sprintf("Project %d", s), Complete("access_tokens"))
		var verdicts []policies.Verdict
		for n := range tokens {
			kind := []inventory.Kind{inventory.Delivery, inventory.Management, inventory.Personal}[n%3]
			token := SampleToken(source, kind, fmt.Sprintf("access_tokens/%06d", n), fmt.Sprintf("Token %d", n))
			token.CreatedAt = at(DaysAgo(n % 900))
			if n%4 == 0 {
				token.Expiry = inventory.Expiry{State: inventory.ExpiryAt, At: DaysAgo(-(n % 700) + 30), Precision: inventory.PrecisionInstant, Supported: true}
			}
			if n%5 == 0 {
				token.LastUsed = inventory.LastUsed{State: inventory.LastUsedAt, At: DaysAgo(n % 365), Evidence: inventory.EvidenceCMS}
			}
			source.Tokens = append(source.Tokens, token)
			rule := rules[n%4]
			verdicts = append(verdicts, policies.Verdict{Rule: rule.ID, Status: policies.Fail, Token: token.ID, Severity: rule.Severity, Message: fmt.Sprintf("%s token %q breaks %s", kind, token.Name, rule.ID)})
		}
		slices.SortFunc(verdicts, func(a, b policies.Verdict) int { return strings.Compare(a.Rule+a.Token, b.Rule+b.Token) })
		all = append(all, Judge(source, rules, verdicts...))
	}
	return all
}

// Readable makes a report one of which every list was read.
func Readable(r *report.Report) *report.Report {
	for i := range r.Sources {
		for j := range r.Sources[i].Units {
			r.Sources[i].Units[j].Status, r.Sources[i].Units[j].Error = inventory.UnitComplete, ""
		}
	}
	r.RuleErrors = []report.RuleError{}
	r.Complete = true
	return r
}

// Compared is the sample against a baseline that had more: a token that
// is gone, a list that cannot be read any more, and less of what is there now.
func Compared(t *testing.T) *report.Report {
	t.Helper()
	before := Readable(Sample())
	before.At = DaysAgo(8)
	gone := new(*before.Findings[len(before.Findings)-1])
	gone.Token, gone.TokenName, gone.Kind = "datocms/projects/77/access_tokens/9", "Gone", "management"
	unread := new(*gone)
	unread.CMS, unread.Source, unread.Token, unread.TokenName = "contentstack", "contentstack/stacks/blt9f", "contentstack/stacks/blt9f/management_tokens/blt1", "Unread"
	back := new(*before.Findings[1])
	back.Resolution, back.LastSeen = report.ResolvedPasses, new(DaysAgo(20))
	back.SeenSince(DaysAgo(40), before.At)
	before.Resolved = []*report.Finding{back}
	before.Findings = append(before.Findings[2:], gone, unread)
	before.Findings[0].SeenSince(DaysAgo(143), before.At)
	for _, f := range before.Findings {
		f.Fingerprint = report.Fingerprint(f.Rule, f.Source, f.Token, f.Key)
	}
	now := Sample()
	now.Deadlines = &deadlines.Deadlines{Severity: deadlines.Days{policies.Critical: 2, policies.High: 90}, Rules: map[string]int{"unused-token": 30}}
	if err := baseline.Compare(now, before, false); err != nil {
		t.Fatal(err)
	}
	return now
}

// Framework returns a framework by its id.
func Framework(t *testing.T, id string) *frameworks.Framework {
	t.Helper()
	f, err := frameworks.Lookup(id)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// Snapshot is what a difference compares of a report.
func Snapshot(t *testing.T, r *report.Report) *difference.Snapshot {
	t.Helper()
	s, err := difference.SnapshotOf(r)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// PageData reads the JSON block of a page.
func PageData(t *testing.T, page []byte) map[string]any {
	t.Helper()
	_, rest, ok := bytes.Cut(page, []byte(`<script type="application/json" id="data">`))
	block, _, closed := bytes.Cut(rest, []byte("</script>"))
	var data map[string]any
	if err := json.Unmarshal(block, &data); err != nil || !ok || !closed {
		t.Fatalf("no JSON block: %v", err)
	}
	return data
}
