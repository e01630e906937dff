package report_test

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenaudit/tokenaudit/report"
	"github.com/tokenaudit/tokenaudit/report/reporttest"
)

func TestReadGivesBackWhatWasWritten(t *testing.T) {
	if testing.Short() {
		t.Skip("one after the other: nothing for the race detector")
	}
	compared := reporttest.Sample()
	compared.Baseline = &report.BaselineRef{At: reporttest.DaysAgo(1)}
	compared.Resolved = []*report.Finding{compared.Findings[0]}
	compared.Stale = []*report.Finding{}
	compared.CountChanges()
	restricted := reporttest.Empty()
	restricted.Scope = &report.Scope{Sources: []string{"a*"}, Shard: "1/2"}
	for name, r := range map[string]*report.Report{
		"sample": reporttest.Sample(), "empty": reporttest.Empty(), "hostile": reporttest.Hostile(), "nothing": reporttest.Build(report.BuildOptions{At: reporttest.AuditTime}, nil),
		"compared": compared, "restricted": restricted, "large": reporttest.Build(reporttest.SampleOptions(), reporttest.LargeSources(3, 50)),
	} {
		written := writtenJSON(t, r)
		read, err := report.Read(bytes.NewReader(written))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		// What is not UTF-8 was replaced when it was written, and stays so.
		want := strings.ReplaceAll(string(written), `\ufffd`, "\ufffd")
		if diff := cmp.Diff(want, string(writtenJSON(t, read))); diff != "" {
			t.Errorf("%s: (-written +read)\n%s", name, diff)
		}
	}
}

func TestReadRefuses(t *testing.T) {
	whole := string(writtenJSON(t, reporttest.Sample()))
	replace := func(old, replacement string) string {
		if !strings.Contains(whole, old) {
			t.Fatalf("the sample has no %q", old)
		}
		return strings.Replace(whole, old, replacement, 1)
	}
	units := regexp.MustCompile(`(?s)"units": \[.*?\n      \]`)
	for name, tt := range map[string]struct{ document, want string }{
		"nothing":               {"", "the document ends too early"},
		"no JSON":               {"hello", "invalid character"},
		"a list":                {"[]", "expected {"},
		"cut off":               {whole[:len(whole)/2], "the document ends too early"},
		"more after it":         {whole + "{}", "unexpected text"},
		"an inventory":          {`{"schema": "tokenaudit/inventory/v1"}`, "it is an inventory, not a report"},
		"another version":       {replace("tokenaudit/report/v1", "tokenaudit/report/v2"), "/schema: value must be"},
		"a part":                {`{"schema": "tokenaudit/report/v1"}`, "/tool is missing"},
		"an unknown member":     {replace(`"config_digest"`, `"x": 1, "config_digest"`), "/x is unknown"},
		"a member twice":        {replace(`"config_digest"`, `"schema": "tokenaudit/report/v1", "config_digest"`), "/schema is duplicated"},
		"twice in a finding":    {replace(`"severity": "critical"`, `"severity": "info", "severity": "critical"`), ": an object has a duplicate key"},
		"a null list":           {`{"schema": "tokenaudit/report/v1", "findings": null}`, "/findings: expected ["},
		"an unknown severity":   {replace(`"severity": "critical"`, `"severity": "awful"`), "/severity: value must be one of"},
		"an unknown key":        {replace(`"fingerprint"`, `"colour": 1, "fingerprint"`), "/findings/0: additionalProperties 'colour'"},
		"a wrong type":          {replace(`"complete": false`, `"complete": "no"`), "/complete: expected boolean"},
		"a wrong time":          {replace(`"at": "2026-03-14T12:00:00Z"`, `"at": "yesterday"`), "/at: is not a valid date-time"},
		"a changed finding":     {replace(`"token": "datocms/projects/77/access_tokens/400"`, `"token": "datocms/projects/77/access_tokens/401"`), "the report was edited"},
		"a changed count":       {replace(`"critical": 1`, `"critical": 0`), "/summary does not match"},
		"a lie about its whole": {replace(`"complete": false`, `"complete": true`), "/complete is true"},
		"no list of tokens":     {units.ReplaceAllString(whole, `"units": []`), "/sources/0/units has no list of tokens"},
		"broken UTF-8":          {replace("Importer", "Imp\xff"), "is not UTF-8"},
		"a negative count":      {replace(`"count": 2`, `"count": -2`), "/gaps/1/count"},
	} {
		if _, err := report.Read(strings.NewReader(tt.document)); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: error %v, want %q", name, err, tt.want)
		}
	}
}

func TestReadSkipsByteOrderMark(t *testing.T) {
	written := writtenJSON(t, reporttest.Sample())
	if _, err := report.Read(strings.NewReader("\ufeff" + string(written))); err != nil {
		t.Error(err)
	}
}

func FuzzRead(f *testing.F) {
	for _, r := range []*report.Report{reporttest.Sample(), reporttest.Empty()} {
		var b bytes.Buffer
		if err := r.WriteJSON(&b); err != nil {
			f.Fatal(err)
		}
		f.Add(b.Bytes())
	}
	f.Add([]byte(`{"schema":"tokenaudit/report/v1","findings":[{}]}`))
	f.Fuzz(func(t *testing.T, document []byte) {
		r, err := report.Read(bytes.NewReader(document))
		if err != nil {
			return
		}
		var first, second bytes.Buffer
		if err := r.WriteJSON(&first); err != nil {
			t.Fatal(err)
		}
		again, err := report.Read(&first)
		if err != nil {
			t.Fatalf("what was written cannot be read: %v", err)
		}
		if err := again.WriteJSON(&second); err != nil {
			t.Fatal(err)
		}
	})
}

// The schema that is printed stands alone.
func TestSchemaIsWhole(t *testing.T) {
	root := report.SchemaDocument(t)
	definitions := report.SchemaMember(root, "$defs")
	used := map[string]bool{}
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			if ref, ok := v["$ref"].(string); ok {
				name := strings.TrimPrefix(ref, "#/$defs/")
				if definitions[name] == nil {
					t.Errorf("%s does not exist", ref)
				}
				used[name] = true
			}
			for _, inner := range v {
				walk(inner)
			}
		case []any:
			for _, inner := range v {
				walk(inner)
			}
		}
	}
	walk(root)
	for name := range definitions {
		if !used[name] {
			t.Errorf("$defs/%s is not used", name)
		}
	}
}

func TestGoldenJSONIsValid(t *testing.T) {
	files, err := filepath.Glob("output/testdata/golden/json*.txt")
	if err != nil || len(files) < 2 {
		t.Fatal(files, err)
	}
	for _, path := range files {
		document, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := report.Read(bytes.NewReader(document)); err != nil {
			t.Errorf("%s: %v", path, err)
		}
	}
}
