package csv_test

import (
	"bytes"
	stdcsv "encoding/csv"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/report/csv"
	"github.com/tokenaudit/tokenaudit/report/format"
	"github.com/tokenaudit/tokenaudit/report/reporttest"
)

// TestLabels: the labels of a source are one column of both tables, in an order of
// their own, and what separates them is told apart from what they hold.
func TestLabels(t *testing.T) {
	r := reporttest.Sample()
	for i := range r.Sources {
		r.Sources[i].Labels = map[string]string{"team": "web", "env": `a;b\c`, "app": "x=y"}
	}
	for _, f := range []format.Format{csv.Format(), csv.InventoryFormat()} {
		var out bytes.Buffer
		if err := f.Render(&out, r, format.Options{}); err != nil {
			t.Fatal(err)
		}
		rows, err := stdcsv.NewReader(&out).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		column := slices.Index(rows[0], "labels")
		if column < 0 {
			t.Fatalf("%s: there is no column labels", f.Name)
		}
		labelled := map[string]bool{"finding": true, "not_evaluated": true, "unread_list": true, "token": true}
		for _, row := range rows[1:] {
			if want := `app=x=y;env=a\;b\\c;team=web`; labelled[row[0]] && row[column] != want {
				t.Errorf("%s: a %s has the labels %q, want %q", f.Name, row[0], row[column], want)
			}
		}
	}
}

// A number of environments that nobody knows is an empty cell, and no 0.
func TestUnknownEnvironmentsAreNotCounted(t *testing.T) {
	main, staging := inventory.ScopeItem{ID: "main"}, inventory.ScopeItem{ID: "staging"}
	r := reporttest.Sample()
	want := []string{"", "", "", "2", "0", "1"}
	for i, scope := range []inventory.Scope{
		inventory.UnknownScope("no right to read it"), inventory.UnknownScope("no right to read it", main), inventory.AllScope(),
		inventory.AllScope(main, staging), inventory.NewScope(), inventory.NewScope(main),
	} {
		r.Tokens[i].Environments = scope
	}
	r.Tokens = r.Tokens[:len(want)]
	var out bytes.Buffer
	if err := csv.InventoryFormat().Render(&out, r, format.Options{}); err != nil {
		t.Fatal(err)
	}
	rows, err := stdcsv.NewReader(&out).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, row := range rows[1:] {
		if row[0] == "token" {
			got = append(got, row[slices.Index(rows[0], "environments_count")])
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
