package oscal

import (
	"bytes"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/policies/frameworks"
	"github.com/tokenaudit/tokenaudit/report"
	"github.com/tokenaudit/tokenaudit/report/format"
	"github.com/tokenaudit/tokenaudit/report/reporttest"
)

// document is what the tests read of assessment results.
type document struct {
	Root struct {
		UUID    string `json:"uuid"`
		Results []struct {
			UUID         string        `json:"uuid"`
			Start        string        `json:"start"`
			End          string        `json:"end"`
			Observations []observation `json:"observations"`
			Risks        []risk        `json:"risks"`
			Findings     []finding     `json:"findings"`
		} `json:"results"`
	} `json:"assessment-results"`
}

func read(t *testing.T, r *report.Report, o format.Options) document {
	t.Helper()
	var d document
	if err := json.Unmarshal(rendered(t, r, o), &d); err != nil {
		t.Fatal(err)
	}
	if len(d.Root.Results) != 1 {
		t.Fatalf("%d results, want one a run", len(d.Root.Results))
	}
	return d
}

// propOf returns the value of a property; empty for none.
func propOf(props []property, name string) string {
	for _, p := range props {
		if p.Name == name {
			return p.Value
		}
	}
	return ""
}

// control returns the finding of a control.
func control(t *testing.T, d document, framework, id string) finding {
	t.Helper()
	for _, f := range d.Root.Results[0].Findings {
		if propOf(f.Props, "framework") == framework && propOf(f.Props, "control") == id {
			return f
		}
	}
	t.Fatalf("no finding of %s %s", framework, id)
	return finding{}
}

// TestEveryReferenceResolves walks each document: no UUID is given twice, and
// everything that is referred to is there.
func TestEveryReferenceResolves(t *testing.T) {
	for name, build := range reportsOfEveryKind(t) {
		if name == "10,000" {
			continue // nothing else is in it
		}
		r, o := build()
		var root any
		if err := json.Unmarshal(rendered(t, r, o), &root); err != nil {
			t.Fatal(err)
		}
		defined, used := map[string]int{}, map[string]bool{}
		var walk func(value any)
		walk = func(value any) {
			switch value := value.(type) {
			case []any:
				if len(value) == 0 {
					t.Errorf("%s: an empty list, which OSCAL does not have", name)
				}
				for _, v := range value {
					walk(v)
				}
			case map[string]any:
				for key, v := range value {
					text, _ := v.(string)
					switch {
					case key == "uuid":
						defined[text]++
					case strings.HasSuffix(key, "-uuid"):
						used[text] = true
					case key == "href" && strings.HasPrefix(text, "#"):
						used[text[1:]] = true
					}
					walk(v)
				}
			}
		}
		walk(root)
		for id, n := range defined {
			if n > 1 {
				t.Errorf("%s: %s is given %d times", name, id, n)
			}
		}
		for id := range used {
			if defined[id] == 0 {
				t.Errorf("%s: %s is nowhere", name, id)
			}
		}
	}
}

// Only a pass satisfies a control, whatever outcomes there will be.
func TestOnlyAPassIsSatisfied(t *testing.T) {
	for outcome, want := range map[report.ControlOutcome]string{
		report.ControlPasses: "satisfied pass", report.ControlFails: "not-satisfied fail", report.ControlWaived: "not-satisfied fail",
		report.ControlNotEvaluated: "not-satisfied other", report.ControlNotApplicable: "not-satisfied other", report.ControlNoRule: "not-satisfied other",
		report.ControlRelaxed: "not-satisfied other", "unheard-of": "not-satisfied other", "": "not-satisfied other", "Pass": "not-satisfied other",
	} {
		d := &results{r: reporttest.Empty()}
		got := d.statusOf(&report.ControlView{Outcome: outcome, Reasons: []string{"because"}})
		if got.State+" "+got.Reason != want || got.Remarks == "" || !strings.Contains(got.Remarks, "because") {
			t.Errorf("%q: %+v, want %s", outcome, got, want)
		}
	}
}

func TestControls(t *testing.T) {
	d := read(t, reporttest.Sample(), format.Options{})
	unused := control(t, d, "nist-800-53", "AC-2(3)")
	if unused.Target.Type != "statement-id" || unused.Target.ID != "ac-2.3_smt" || unused.Target.Status.State != "not-satisfied" || unused.Target.Status.Reason != "fail" {
		t.Errorf("AC-2(3): %+v", unused.Target)
	}
	if len(unused.Risks) != 1 || len(unused.Observations) < 4 {
		t.Errorf("AC-2(3) has %d risks and %d observations, want the finding and what was not evaluated", len(unused.Risks), len(unused.Observations))
	}
	if got := control(t, d, "owasp-nhi", "NHI4:2025"); got.Target.ID != "owasp-nhi-NHI4-2025_smt" || propOf(got.Props, "outcome") != "no_rule" {
		t.Errorf("NHI4: %+v", got)
	}
	known, err := frameworks.All()
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, f := range known {
		n += len(f.Controls)
	}
	if got := len(d.Root.Results[0].Findings); got != n {
		t.Errorf("%d findings, want one for each of the %d controls", got, n)
	}
	only := read(t, reporttest.Sample(), format.Options{Framework: reporttest.Framework(t, "soc2")})
	for _, f := range only.Root.Results[0].Findings {
		if propOf(f.Props, "framework") != "soc2" {
			t.Errorf("a finding of %s, and SOC 2 was asked for", propOf(f.Props, "framework"))
		}
	}
	if text := only.Root.Results[0].Observations[0].Description; !strings.Contains(text, "only SOC 2 Trust Services Criteria, as asked") {
		t.Errorf("the scope is %q", text)
	}
}

// A framework that only the user's rules name is there, too, and no two controls share a token.
func TestControlsOfTheUser(t *testing.T) {
	r := reporttest.Readable(reporttest.Sample())
	r.Rules[0].Controls = map[string][]string{"our_baseline": {"1.a", "1 a", "1(a)"}}
	d := read(t, r, format.Options{})
	seen := map[string]bool{}
	for _, id := range r.Rules[0].Controls["our_baseline"] {
		f := control(t, d, "our_baseline", id)
		if seen[f.Target.ID] || !strings.HasPrefix(f.Target.ID, "our_baseline-1") {
			t.Errorf("%q has the id %s", id, f.Target.ID)
		}
		seen[f.Target.ID] = true
	}
}

func TestKnownControlsHaveTokensOfTheirOwn(t *testing.T) {
	views, err := byFramework(reporttest.Empty())
	if err != nil {
		t.Fatal(err)
	}
	for _, view := range views {
		for i, c := range view.Controls {
			if got := view.tokens[i]; got != controlToken(view.ID, c.ID) || !tokenPattern.MatchString(got) {
				t.Errorf("%s %s has the token %q", view.ID, c.ID, got)
			}
		}
	}
}

func TestWaivedFindingIsAnAcceptedRisk(t *testing.T) {
	d := read(t, reporttest.Readable(reporttest.Sample()), format.Options{})
	waived := 0
	for _, r := range d.Root.Results[0].Risks {
		if r.Status != "deviation-approved" {
			if r.Status != "open" || len(r.Remediations) != 1 || r.Remediations[0].Lifecycle != "recommendation" || r.Deadline != "" {
				t.Errorf("an open risk: %+v", r)
			}
			continue
		}
		waived++
		response := r.Remediations[0]
		if response.Lifecycle != "planned" || propOf(response.Props, "type") != "accept" || propOf(response.Props, "approved-by") != "ciso@example.com" || !strings.Contains(response.Description, "rotated quarterly") || r.Deadline != "2026-03-20T23:59:59Z" {
			t.Errorf("the waived risk: %+v", r)
		}
	}
	if waived != 1 {
		t.Errorf("%d waived risks, want 1", waived)
	}
}

func TestCoverageNamesWhatWasNotRead(t *testing.T) {
	d := read(t, reporttest.Sample(), format.Options{})
	unread := map[string]string{}
	for _, o := range d.Root.Results[0].Observations {
		for _, p := range o.Props {
			if p.Name == "unread-list" {
				unread[p.Value] = p.Class + ": " + p.Remarks
				if !slices.Contains(o.Types, typeCoverage) || !strings.Contains(o.Title, "1 of ") || len(o.Subjects) != 1 {
					t.Errorf("an unread list in %+v", o)
				}
			}
		}
	}
	if len(unread) != 2 || !strings.Contains(unread["management_tokens"], "open: ") || !strings.Contains(unread["management_tokens"], "make it Owner or Admin") || !strings.Contains(unread["access_tokens"], "accepted: ") || !strings.Contains(unread["access_tokens"], "2026-06-30") {
		t.Errorf("unread lists: %v", unread)
	}
}

// A finding of the baseline that nobody could check is a risk still, and was not observed.
func TestStaleFindingStaysARisk(t *testing.T) {
	r := reporttest.Compared(t)
	if len(r.Stale) == 0 {
		t.Fatal("nothing is stale")
	}
	d := read(t, r, format.Options{})
	for _, f := range r.Stale {
		i := slices.IndexFunc(d.Root.Results[0].Risks, func(risk risk) bool { return propOf(risk.Props, "fingerprint") == f.Fingerprint })
		if i < 0 {
			t.Fatalf("no risk for %s", f.Subject())
		}
		if risk := d.Root.Results[0].Risks[i]; risk.Status != "open" || len(risk.Observations) != 0 || propOf(risk.Props, "not-checked") == "" {
			t.Errorf("%+v", risk)
		}
	}
}

// The waiver of a finding that nobody could check again may have ended since.
func TestStaleFindingIsAcceptedUntilItsWaiverEnds(t *testing.T) {
	for days, want := range map[int]string{0: "deviation-approved", -1: "open"} {
		r := reporttest.Compared(t)
		f := r.Stale[0]
		f.Status, f.Waiver = policies.Waived, &policies.Waiver{Rule: f.Rule, Token: f.Subject(), Expires: r.At.AddDate(0, 0, days).Format(time.DateOnly)}
		risks := read(t, r, format.Options{}).Root.Results[0].Risks
		i := slices.IndexFunc(risks, func(risk risk) bool { return propOf(risk.Props, "fingerprint") == f.Fingerprint })
		if risks[i].Status != want || (risks[i].Deadline != "") != (days == 0) {
			t.Errorf("a waiver until %s: %+v", f.Waiver.Expires, risks[i])
		}
	}
}

func TestHiddenFindingsAreCounted(t *testing.T) {
	whole, part := read(t, reporttest.Sample(), format.Options{}), read(t, reporttest.Sample(), format.Options{MinSeverity: policies.Critical})
	if len(part.Root.Results[0].Risks) >= len(whole.Root.Results[0].Risks) {
		t.Fatal("nothing is hidden")
	}
	if !slices.ContainsFunc(part.Root.Results[0].Observations, func(o observation) bool {
		return strings.Contains(o.Description, "5 findings below critical left out as requested")
	}) {
		t.Error("nothing says so")
	}
	for i, f := range part.Root.Results[0].Findings {
		if f.Target.Status != whole.Root.Results[0].Findings[i].Target.Status {
			t.Errorf("%s: %+v", f.Title, f.Target.Status)
		}
	}
}

// A control with a setting that asks less than it needs is not satisfied, and says by which.
func TestRelaxedControl(t *testing.T) {
	r := reporttest.Readable(reporttest.Sample())
	for i := range r.Rules {
		r.Rules[i].Statuses = policies.Counts{Pass: 5}
		r.Rules[i].Controls = map[string][]string{"pci_dss": {"8.2.6"}, "soc2": {"CC6.3"}}
	}
	r.Findings, r.Gaps = []*report.Finding{}, []report.Gap{}
	d := read(t, r, format.Options{})
	relaxed := control(t, d, "pci-dss", "8.2.6")
	if s := relaxed.Target.Status; s.State != "not-satisfied" || s.Reason != "other" || !strings.Contains(s.Remarks, "is 365, where at most 90 is needed (tokenaudit.yaml&#58;14)") {
		t.Errorf("the relaxed control: %+v", s)
	}
	i := slices.IndexFunc(d.Root.Results[0].Observations, func(o observation) bool { return o.Types[0] == typeRelaxed && propOf(o.Props, "needs") == "at most 90" })
	if i < 0 || !slices.Contains(relaxed.Observations, relatedObservation{d.Root.Results[0].Observations[i].UUID}) {
		t.Errorf("the setting is observation %d of %+v", i, relaxed.Observations)
	}
	if s := control(t, d, "soc2", "CC6.3").Target.Status; s.State != "satisfied" || s.Reason != "pass" {
		t.Errorf("a control that no setting relaxes: %+v", s)
	}
	r.Relaxed = nil // a report of an older version does not know
	if s := control(t, read(t, r, format.Options{}), "soc2", "CC6.3").Target.Status; s.State != "not-satisfied" {
		t.Errorf("nobody knows what is relaxed: %+v", s)
	}
}

// A rule that was not asked is observed, and keeps its controls from passing.
func TestNotAskedRule(t *testing.T) {
	r := reporttest.Readable(reporttest.Sample())
	r.Sources[0].NotAsked = []policies.NotAsked{{Rule: "unused-token", Reason: "no report was given"}}
	d := read(t, r, format.Options{})
	i := slices.IndexFunc(d.Root.Results[0].Observations, func(o observation) bool {
		return strings.Contains(o.Description, "was not asked in 1 source: no report was given")
	})
	if i < 0 || !slices.Contains(control(t, d, "nist-800-53", "AC-2(3)").Observations, relatedObservation{d.Root.Results[0].Observations[i].UUID}) {
		t.Errorf("the rule that was not asked is observation %d", i)
	}
}

// A satisfied control of a part says that it is of a part.
func TestScopeIsWithEachControl(t *testing.T) {
	r := reporttest.Readable(reporttest.Sample())
	r.Scope = &report.Scope{Sources: []string{"contentful/*"}}
	for _, f := range read(t, r, format.Options{}).Root.Results[0].Findings {
		if !strings.Contains(f.Target.Status.Remarks, "Restricted to: ") {
			t.Errorf("%s: %q", f.Title, f.Target.Status.Remarks)
		}
	}
}

// The bundle that the report was sealed in is a resource, by its digest.
func TestBundleIsAResource(t *testing.T) {
	o := format.Options{Bundle: format.Bundle{File: "an audit.tar", SHA256: strings.Repeat("ab", 32)}}
	text := string(rendered(t, reporttest.Sample(), o))
	if want := `"rlinks":[{"href":"an%20audit.tar","hashes":[{"algorithm":"SHA-256","value":"` + o.Bundle.SHA256 + `"}]}]`; strings.Count(text, want) != 1 {
		t.Errorf("%s is not in the document", want)
	}
	if plain := string(rendered(t, reporttest.Sample(), format.Options{})); strings.Contains(plain, "bundle") {
		t.Error("a report that was not sealed names a bundle")
	}
}

// The same run has the same document. Another run is another result, and a risk that is
// in both keeps its id.
func TestIDs(t *testing.T) {
	one := rendered(t, reporttest.Sample(), format.Options{})
	if !bytes.Equal(one, rendered(t, reporttest.Sample(), format.Options{})) {
		t.Error("the same run has two documents")
	}
	later := reporttest.Sample()
	later.At = later.At.Add(24 * time.Hour)
	a, b := read(t, reporttest.Sample(), format.Options{}), read(t, later, format.Options{})
	if a.Root.UUID == b.Root.UUID || a.Root.Results[0].UUID == b.Root.Results[0].UUID || a.Root.Results[0].Findings[0].UUID == b.Root.Results[0].Findings[0].UUID {
		t.Error("two runs have the same ids")
	}
	for i, risk := range a.Root.Results[0].Risks {
		if other := b.Root.Results[0].Risks[i]; risk.UUID != other.UUID || risk.Observations[0] == other.Observations[0] {
			t.Errorf("risk %s is %s a day later, and its observations are %s and %s", risk.UUID, other.UUID, risk.Observations[0].UUID, other.Observations[0].UUID)
		}
	}
}

// Whatever a document says otherwise of the same run, it has another id.
func TestIDsOfOtherDocuments(t *testing.T) {
	kinds := map[string]func(r *report.Report, o *format.Options){
		"plain":            func(*report.Report, *format.Options) {},
		"another verdict":  func(_ *report.Report, o *format.Options) { o.Gate.FailOn = policies.Low },
		"another reason":   func(_ *report.Report, o *format.Options) { o.Gate.FailOn = policies.Critical },
		"a baseline":       func(r *report.Report, _ *format.Options) { r.Baseline = &report.BaselineRef{At: reporttest.DaysAgo(1)} },
		"another baseline": func(r *report.Report, _ *format.Options) { r.Baseline = &report.BaselineRef{At: reporttest.DaysAgo(2)} },
	}
	of := map[string]string{}
	for name, change := range kinds {
		r, o := reporttest.Sample(), format.Options{}
		change(r, &o)
		d := read(t, r, o)
		for _, id := range []string{d.Root.UUID, d.Root.Results[0].UUID} {
			if of[id] != "" {
				t.Errorf("%s has the id %s of %s", name, id, of[id])
			}
			of[id] = name
		}
	}
}

// The evidence was collected when the sources were read, not when it was judged.
func TestTimes(t *testing.T) {
	r := reporttest.Sample()
	d := read(t, r, format.Options{})
	if got := d.Root.Results[0]; got.Start != "2026-03-14T11:00:00Z" || got.End != "2026-03-14T12:00:00Z" {
		t.Errorf("from %s to %s", got.Start, got.End)
	}
	for _, o := range d.Root.Results[0].Observations {
		if want := map[bool]string{true: "2026-03-14T11:00:00Z", false: "2026-03-14T12:00:00Z"}[len(o.Subjects) > 0]; o.Collected != want {
			t.Errorf("%s was collected at %s", o.Title, o.Collected)
		}
	}
	for i := range r.Sources {
		r.Sources[i].CollectedAt = time.Time{}
	}
	if got := read(t, r, format.Options{}).Root.Results[0]; got.Start != "2026-03-14T12:00:00Z" {
		t.Errorf("without a time of the sources it started at %s", got.Start)
	}
	r.Sources[0].CollectedAt = r.At.Add(time.Hour)
	if got := read(t, r, format.Options{}).Root.Results[0]; got.Start != "2026-03-14T12:00:00Z" || got.End != "" {
		t.Errorf("as of an earlier time it is from %s to %s", got.Start, got.End)
	}
}

// What the schema demands of strings, for JSON Schema's regular expressions: there,
// \s is every white space of Unicode.
var (
	tokenPattern  = regexp.MustCompile(`^(\p{L}|_)(\p{L}|\p{N}|[.\-_])*$`)
	stringPattern = regexp.MustCompile(`^[^\s\p{Z}\x{feff}](.*[^\s\p{Z}\x{feff}])?$`)
	linePattern   = regexp.MustCompile(`^[^\n]+$`)
	blockPattern  = regexp.MustCompile(`^([-+*=#>~|\x60\s]|\d+[.)])`)
)

func FuzzTexts(f *testing.F) {
	for _, name := range reporttest.HostileNames() {
		if len(name) < 1000 {
			f.Add(name)
		}
	}
	f.Add("1. x")
	f.Add("{{ insert: param, x }}")
	f.Fuzz(func(t *testing.T, s string) {
		if got := value(s); got != "" && !stringPattern.MatchString(got) {
			t.Errorf("value(%q) = %q", s, got)
		}
		if got := tokenOf(s); !tokenPattern.MatchString(got) {
			t.Errorf("tokenOf(%q) = %q", s, got)
		}
		for _, got := range []string{line(s), prose(s)} {
			if !linePattern.MatchString(got) || blockPattern.MatchString(got) || strings.Contains(got, "{{") || reporttest.Harm(got) != "" {
				t.Errorf("%q became %q", s, got)
			}
		}
	})
}

func TestTextsAreBounded(t *testing.T) {
	r := reporttest.Empty()
	r.Sources[0].Name = strings.Repeat("名", 100_000)
	r.Sources[0].Units = append(r.Sources[0].Units, inventory.Unit{Name: strings.Repeat("x", 100_000), Status: inventory.UnitFailed, Detail: strings.Repeat("<", 100_000)})
	if n := len(rendered(t, r, format.Options{})); n > 100_000 {
		t.Errorf("%d bytes", n)
	}
}

// BenchmarkTenThousand renders a report with a finding on each of 10,000 tokens.
func BenchmarkTenThousand(b *testing.B) {
	r := tenThousand()
	for b.Loop() {
		var out counter
		if err := Format().Render(&out, r, format.Options{}); err != nil {
			b.Fatal(err)
		}
		b.SetBytes(int64(out))
	}
}

type counter int

func (c *counter) Write(b []byte) (int, error) {
	*c += counter(len(b))
	return len(b), nil
}
