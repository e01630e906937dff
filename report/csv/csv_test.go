package csv_test

import (
	"bytes"
	stdcsv "encoding/csv"
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
		last := len(rows[0]) - 1
		if rows[0][last] != "labels" {
			t.Errorf("%s: the last column is %s", f.Name, rows[0][last])
		}
		labelled := map[string]bool{"finding": true, "not_evaluated": true, "unread_list": true, "token": true}
		for _, row := range rows[1:] {
			if want := `app=x=y;env=a\;b\\c;team=web`; labelled[row[0]] && row[last] != want {
				t.Errorf("%s: a %s has the labels %q, want %q", f.Name, row[0], row[last], want)
			}
		}
	}
}
