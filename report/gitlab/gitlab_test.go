package gitlab

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/report"
	"github.com/tokenaudit/tokenaudit/report/format"
	"github.com/tokenaudit/tokenaudit/report/reporttest"
)

// entries returns the entries of one check.
func entries(t *testing.T, r *report.Report, check string) []codeQuality {
	t.Helper()
	var b bytes.Buffer
	if err := Format().Render(&b, r, format.Options{}); err != nil {
		t.Fatal(err)
	}
	var all, list []codeQuality
	if err := json.Unmarshal(b.Bytes(), &all); err != nil {
		t.Fatal(err)
	}
	for _, e := range all {
		if e.CheckName == check {
			list = append(list, e)
		}
	}
	return list
}

// An empty list would read as a clean audit.
func TestNoSourceIsSaid(t *testing.T) {
	options := reporttest.SampleOptions()
	options.Relaxed, options.Waivers = nil, nil
	got := entries(t, reporttest.Build(options, nil), "tokenaudit/no-source")
	if len(got) != 1 || got[0].Description != "No source was found, so nothing was audited" || got[0].Severity != "major" {
		t.Errorf("got %+v", got)
	}
	if got := entries(t, reporttest.Empty(), "tokenaudit/no-source"); len(got) != 0 {
		t.Errorf("with a source: %+v", got)
	}
}

// Waivers of one rule and token that differ in name or key are told apart.
func TestWaiversAreToldApart(t *testing.T) {
	options := reporttest.SampleOptions()
	waiver := options.Waivers[2]
	keyed, named := waiver, waiver
	keyed.Key, named.Name = "A", "CI *"
	options.Waivers = []policies.Waiver{waiver, keyed, named}
	var texts []string
	prints := map[string]bool{}
	for _, e := range entries(t, reporttest.Build(options, reporttest.SampleSources()), "tokenaudit/waiver") {
		texts, prints[e.Fingerprint] = append(texts, e.Description), true
	}
	want := []string{
		"The waiver of unused-token on strapi/* (no effect, until 2026-12-31) needs attention: platform@example.com",
		`The waiver of unused-token on strapi/*, key "A" (no effect, until 2026-12-31) needs attention: platform@example.com`,
		`The waiver of unused-token on strapi/*, name "CI *" (no effect, until 2026-12-31) needs attention: platform@example.com`,
	}
	if diff := cmp.Diff(want, texts); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if len(prints) != len(want) {
		t.Errorf("%d fingerprints for %d waivers", len(prints), len(want))
	}
	if want := report.Fingerprint("tokenaudit/waiver", "tokenaudit", waiver.Rule+" "+waiver.Token, ""); !prints[want] {
		t.Error("the fingerprint of a waiver without name and key has changed")
	}
}
