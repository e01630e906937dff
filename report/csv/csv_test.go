package csv_test

import (
	"bytes"
	stdcsv "encoding/csv"
	"slices"
	"testing"

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
