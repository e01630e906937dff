package oscal

import (
	"bytes"
	"encoding/json"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v5"

	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/report"
	"github.com/tokenaudit/tokenaudit/report/format"
	"github.com/tokenaudit/tokenaudit/report/reporttest"
)

var (
	oscalSchema = flag.String("oscal-schema", "", "NIST's JSON Schema of OSCAL, to check documents of every kind against")
	oscalFiles  = flag.String("oscal-files", "", "a `pattern` of more documents to check against it")
)

// reportsOfEveryKind are what the schema should see.
func reportsOfEveryKind(t *testing.T) map[string]func() (*report.Report, format.Options) {
	with := func(r *report.Report, o format.Options) func() (*report.Report, format.Options) {
		return func() (*report.Report, format.Options) { return r, o }
	}
	restricted := reporttest.Sample()
	restricted.Scope = &report.Scope{Sources: []string{"contentful/*"}, Rules: []string{"unused-token"}, Shard: "1/3"}
	gone := reporttest.Compared(t)
	for i := range gone.Stale {
		gone.Stale[i].Source, gone.Stale[i].Token = "strapi/gone", "strapi/gone/tokens/1"
	}
	unknown := reporttest.Sample()
	unknown.Framework = &report.FrameworkView{ID: "of-tomorrow"}
	noRules := reporttest.Build(report.BuildOptions{At: reporttest.AuditTime}, nil)
	return map[string]func() (*report.Report, format.Options){
		"empty":      with(reporttest.Empty(), format.Options{}),
		"incomplete": with(reporttest.Sample(), format.Options{Gate: report.DefaultGate()}),
		"complete":   with(reporttest.Readable(reporttest.Sample()), format.Options{}),
		"waived":     with(waivedReport(), format.Options{}),
		"compared":   with(reporttest.Compared(t), format.Options{}),
		"framework":  with(reporttest.Sample(), format.Options{Framework: reporttest.Framework(t, "nist-800-53")}),
		"gone":       with(gone, format.Options{}),
		"unknown":    with(unknown, format.Options{}),
		"hidden":     with(reporttest.Sample(), format.Options{MinSeverity: policies.Critical}),
		"restricted": with(restricted, format.Options{}),
		"nothing":    with(reporttest.Build(reporttest.SampleOptions(), nil), format.Options{}),
		"no rules":   with(noRules, format.Options{}),
		"hostile":    with(reporttest.Hostile(), format.Options{}),
		"sealed":     with(reporttest.Sample(), format.Options{Bundle: format.Bundle{File: "audit of November.tar", SHA256: strings.Repeat("ab", 32)}}),
		"10,000":     func() (*report.Report, format.Options) { return tenThousand(), format.Options{} },
	}
}

// waivedReport is one whose every finding is waived.
func waivedReport() *report.Report {
	r := reporttest.Readable(reporttest.Sample())
	for i := range r.Findings {
		r.Findings[i].Status, r.Findings[i].Waiver = policies.Waived, &r.Waivers.Applied[0].Waiver
	}
	for i := range r.Rules {
		s := &r.Rules[i].Statuses
		s.Fail, s.NotEvaluated, s.Waived = 0, 0, s.Waived+s.Fail
	}
	return r
}

// tenThousand is a report with as many tokens, each with a finding.
func tenThousand() *report.Report {
	return reporttest.Build(reporttest.SampleOptions(), reporttest.LargeSources(20, 500))
}

// TestOSCALFiles does nothing unless it is asked to: make oscal-check runs it with
// NIST's schema, which is not part of the project.
func TestOSCALFiles(t *testing.T) {
	if *oscalSchema == "" {
		t.Skip("no -oscal-schema")
	}
	schema, err := jsonschema.Compile(*oscalSchema)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(schema.Location, "/"+oscalVersion+"/") {
		t.Fatalf("%s is %s, and not the schema of OSCAL %s", *oscalSchema, schema.Location, oscalVersion)
	}
	var wrong any
	if err := json.Unmarshal(bytes.Replace(rendered(t, reporttest.Empty(), format.Options{}), []byte(`"state":"not-satisfied"`), []byte(`"state":"passed"`), 1), &wrong); err != nil {
		t.Fatal(err)
	}
	if schema.Validate(wrong) == nil {
		t.Fatal("the schema takes a control that is neither satisfied nor not satisfied")
	}
	for name, build := range reportsOfEveryKind(t) {
		t.Run(name, func(t *testing.T) {
			r, o := build()
			judge(t, schema, bytes.NewReader(rendered(t, r, o)))
		})
	}
	files, err := filepath.Glob(*oscalFiles)
	if err != nil || *oscalFiles != "" && len(files) == 0 {
		t.Fatalf("no file %s: %v", *oscalFiles, err)
	}
	for _, name := range files {
		t.Run(filepath.Base(name), func(t *testing.T) {
			file, err := os.Open(name)
			if err != nil {
				t.Fatal(err)
			}
			defer file.Close()
			judge(t, schema, file)
		})
	}
}

// judge checks a document against the schema.
func judge(t *testing.T, schema *jsonschema.Schema, document io.Reader) {
	t.Helper()
	var value any
	if err := json.NewDecoder(document).Decode(&value); err != nil {
		t.Fatal(err)
	}
	if err := schema.Validate(value); err != nil {
		t.Errorf("%#v", err)
	}
}

func rendered(t *testing.T, r *report.Report, o format.Options) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Format().Render(&b, r, o); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
