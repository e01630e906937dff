package format

import (
	"strings"
	"testing"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/report"
)

// Lists of one source that failed alike are one line: what failed alike says the same
// beside the request, and what nobody accepted is all there is.
func TestNotReadJoinsWhatFailedAlike(t *testing.T) {
	failed := func(name, detail, hint string) inventory.Unit {
		return inventory.Unit{Name: name, Status: inventory.UnitFailed, Error: inventory.ErrUnavailable, Detail: detail, Hint: hint}
	}
	source := func(id string, units ...inventory.Unit) report.Source {
		return report.Source{Source: inventory.Source{ID: id, Units: units}}
	}
	cut := failed("d", "GET /d: asleep", "Wake it.")
	cut.Status = inventory.UnitPartial
	r := &report.Report{
		Sources: []report.Source{
			source("one", failed("a", "GET /a: asleep", "Wake it."), failed("b", "GET /b: gone", "Wake it."), failed("c", "GET /c: asleep", "Wake it."), cut,
				failed("e", "GET /e: asleep", "Ask."), failed("f", "asleep", "Wake it."), failed("accepted", "GET /g: asleep", "Wake it."), inventory.Unit{Name: "read", Status: inventory.UnitComplete}),
			source("two", failed("a", "GET /a: asleep", "Wake it.")),
		},
		AcceptedGaps: []report.AcceptedGap{{Source: "one", Unit: "accepted", State: report.GapApplied}},
	}
	want := []string{
		"one a, c, f: unavailable: asleep", "one b: unavailable: GET /b: gone", "one d: unavailable: GET /d: asleep", "one e: unavailable: GET /e: asleep", "two a: unavailable: GET /a: asleep",
	}
	var got []string
	for _, n := range NewView(r).NotRead() {
		got = append(got, n.Source+" "+strings.Join(n.Lists, ", ")+": "+n.Problem())
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
