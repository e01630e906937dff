package main

import (
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenaudit/tokenaudit/collectors/builtin"
	"github.com/tokenaudit/tokenaudit/policies"
)

// policies/README.md is made from the rules and from what the collectors can
// report. UPDATE_CATALOGUE=1 writes it.
func TestCatalogueIsUpToDate(t *testing.T) {
	const file = "../../policies/README.md"
	engine, err := policies.Load(t.Context(), policies.LoadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var systems []policies.System
	for _, d := range builtin.Definitions() {
		if d.CMS == "command" {
			continue // what it reports is the program's affair
		}
		systems = append(systems, policies.System{CMS: d.CMS, Title: d.Title, Plan: d.CMS == "terraform", Facts: d.Facts})
	}
	page, err := engine.Catalogue(systems)
	if err != nil {
		t.Fatal(err)
	}
	if os.Getenv("UPDATE_CATALOGUE") != "" {
		if err := os.WriteFile(file, []byte(page), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(have), page); diff != "" {
		t.Errorf("policies/README.md is not up to date; run UPDATE_CATALOGUE=1 go test ./cmd/tokenaudit -run Catalogue (-file +generated):\n%s", diff)
	}
}
