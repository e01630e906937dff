package table

import (
	"bytes"
	"flag"
	"regexp"
	"strings"
	"testing"

	"github.com/clipperhouse/displaywidth"
	"github.com/olekukonko/tablewriter/pkg/twwidth"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/report"
	"github.com/tokenaudit/tokenaudit/report/format"
	"github.com/tokenaudit/tokenaudit/report/reporttest"
	"github.com/tokenaudit/tokenaudit/report/safetext"
)

var update = flag.Bool("update", false, "write the golden files instead of comparing with them")

func TestTableOnATerminal(t *testing.T) {
	for name, o := range map[string]format.Options{
		"table-80.txt":     {Gate: report.DefaultGate(), Width: 80},
		"table-120.txt":    {Gate: report.DefaultGate(), Width: 120, GroupBy: format.ByRule},
		"table-colour.txt": {Gate: report.DefaultGate(), Width: 100, Color: true, GroupBy: format.ByRule},
		"table-min.txt":    {Gate: report.DefaultGate(), Width: 100, MinSeverity: policies.High, GroupBy: format.ByRule},
	} {
		reporttest.Golden(t, *update, name, renderedTable(t, reporttest.Sample(), o))
	}
}

// Every line but the last, the verdict, fits the terminal, and those that are
// nothing but an id.
func TestTableFitsTheTerminal(t *testing.T) {
	for _, width := range []int{60, 80, 133} {
		for _, r := range []*report.Report{reporttest.Sample(), reporttest.Hostile()} {
			out := strings.TrimRight(string(renderedTable(t, r, format.Options{Width: width})), "\n")
			lines := strings.Split(out, "\n")
			for _, line := range lines[:len(lines)-1] {
				if strings.HasPrefix(line, "Verdicts: ") {
					continue // figures, never cut
				}
				if n := displaywidth.String(line); onlyID.MatchString(line) && n <= 2+idWidth || n > idWidth && n <= 2+idWidth && strings.HasSuffix(line, safetext.Ellipsis) {
					continue
				}
				if got := displaywidth.String(line); got > width {
					t.Errorf("%d columns on a terminal of %d: %q", got, width, line)
				}
			}
		}
	}
}

var onlyID = regexp.MustCompile(`^  \w+/\S+/`)

func TestTableSaysFirstWhatIsMissing(t *testing.T) {
	out := string(renderedTable(t, reporttest.Sample(), format.Options{Gate: report.DefaultGate()}))
	order := []string{"NOT READ", "CRITICAL", "HIGH", "MEDIUM", "LOW", "NOT EVALUATED", "ACCEPTED GAPS", "WAIVERS THAT NEED ATTENTION", "8 tokens in 5 sources", "FAIL (exit code 1)"}
	position := -1
	for _, text := range order {
		i := strings.Index(out, text)
		if i <= position {
			t.Errorf("%q is at %d, not after what goes before it", text, i)
		}
		position = i
	}
	if !strings.HasPrefix(out, order[0]) {
		t.Errorf("begins with %q", out[:40])
	}
}

func TestTSVIsWhole(t *testing.T) {
	name := strings.Repeat("long ", 2000)
	source := reporttest.SampleSource("x", "x/1", inventory.KindProject, "X", reporttest.Complete("tokens"))
	source.Tokens = []inventory.Token{reporttest.SampleToken(source, inventory.Delivery, "tokens/1", name)}
	r := reporttest.Build(reporttest.SampleOptions(), []reporttest.Judged{reporttest.Judge(source, reporttest.SampleRules(), policies.Verdict{Rule: "unused-token", Status: policies.Fail, Token: "x/1/tokens/1", Message: "unused"})})
	var b bytes.Buffer
	if err := TSV().Render(&b, r, format.Options{}); err != nil || !strings.Contains(b.String(), "\t"+name+"\t") {
		t.Errorf("a long name is cut, or not in a cell of its own: %v", err)
	}
	for _, width := range []int{0, 80} {
		if out := string(renderedTable(t, r, format.Options{Width: width})); strings.Contains(out, name) {
			t.Errorf("a long name is whole in a table of width %d", width)
		}
	}
}

// Without a terminal the table is aligned too, and ids are whole.
func TestTableInAPipeIsAligned(t *testing.T) {
	id := "x/1/tokens/" + strings.Repeat("1234567890", 12)
	source := reporttest.SampleSource("x", "x/1", inventory.KindProject, "X", reporttest.Complete("tokens"))
	source.Tokens = []inventory.Token{reporttest.SampleToken(source, inventory.Delivery, strings.TrimPrefix(id, "x/1/"), "web")}
	r := reporttest.Build(reporttest.SampleOptions(), []reporttest.Judged{reporttest.Judge(source, reporttest.SampleRules(), policies.Verdict{Rule: "unused-token", Status: policies.Fail, Token: id, Message: "unused"})})
	out := string(renderedTable(t, r, format.Options{}))
	if strings.Contains(out, "\t") || !strings.Contains(out, "web   "+id+"  unused\n") {
		t.Errorf("not aligned, or an id is cut:\n%s", out)
	}
}

// Where the environment says that letters such as ê are wide, columns may not be aligned for
// others, but no row is broken.
func TestTableForEastAsianTerminals(t *testing.T) {
	twwidth.SetEastAsian(true)
	t.Cleanup(func() { twwidth.SetEastAsian(false) })
	var b bytes.Buffer
	p := newPage(&b, format.Options{})
	p.table([]column{{title: "NAME"}, {title: "WHAT"}}, [][]string{{"Inês Ångström", "ê"}, {"b", "c"}})
	if err := p.close(); err != nil {
		t.Fatal(err)
	}
	if got := b.String(); strings.Count(got, "\n") != 3 || !strings.Contains(got, "\nInês Ångström  ê\n") {
		t.Errorf("a row is broken:\n%s", got)
	}
}

func TestFitColumns(t *testing.T) {
	columns := []column{{title: "A"}, {title: "B", whole: true}, {title: "C"}}
	rows := [][]string{{strings.Repeat("a", 50), strings.Repeat("b", 12), strings.Repeat("c", 20)}}
	if got := fitColumns(columns, rows, 200); got[0] != 50 || got[1] != 12 || got[2] != 20 {
		t.Errorf("enough room: %v", got)
	}
	if got := fitColumns(columns, rows, 60); got[0]+got[1]+got[2] != 60 || got[1] != 12 || got[2] != 20 {
		t.Errorf("60 columns: %v", got)
	}
	if got := fitColumns(columns, rows, 34); got[0] != 11 || got[1] != 12 || got[2] != 11 {
		t.Errorf("34 columns: %v", got)
	}
}

// People paste ids into waivers and commands, so every id is on the terminal whole
// and on one line, however narrow that is.
func TestTableShowsIDsWhole(t *testing.T) {
	for _, r := range []*report.Report{reporttest.Sample(), reporttest.Hostile()} {
		for _, width := range []int{60, 100, 200} {
			shown := map[string]bool{}
			for word := range strings.FieldsSeq(string(renderedTable(t, r, format.Options{Width: width}))) {
				shown[word] = true
			}
			for _, f := range r.Findings {
				id := strings.Fields(safetext.OneLine(f.Subject()))
				if len(id) == 1 && len(id[0]) <= idWidth && !shown[id[0]] {
					t.Errorf("%d columns: %s is not shown whole", width, id)
				}
				if !shown[f.Rule] {
					t.Errorf("%d columns: rule %s is not shown whole", width, f.Rule)
				}
			}
		}
	}
}

// What is wrong is told to its end, on however narrow a terminal.
func TestTableTellsMessagesWhole(t *testing.T) {
	r := reporttest.Sample()
	for _, width := range []int{60, 80} {
		out := string(renderedTable(t, r, format.Options{Width: width}))
		words := strings.Join(strings.Fields(out), " ")
		for i := range r.Findings {
			if r.Findings[i].Status != policies.Fail {
				continue
			}
			message := strings.Fields(r.Findings[i].Message)
			if last := message[len(message)-1]; !strings.Contains(words, " "+last+" ") {
				t.Errorf("%d columns: the end of %q is not shown", width, r.Findings[i].Message)
			}
		}
	}
}

func TestWrap(t *testing.T) {
	for _, tt := range []struct {
		text string
		n    int
		want string
	}{
		{"", 10, ""}, {"one", 10, "one"}, {"one two three", 7, "one two|three"}, {"a verylongword b", 5, "a|very|long|word|b"},
	} {
		if got := strings.Join(Wrap(tt.text, tt.n), "|"); got != tt.want {
			t.Errorf("Wrap(%q, %d) = %q, want %q", tt.text, tt.n, got, tt.want)
		}
	}
}

func TestWriteTable(t *testing.T) {
	columns := []Column{{Title: "STATE", Kind: ColumnWhole}, {Title: "TOKEN", Kind: ColumnID}, {Title: "NAME"}, {Title: "WHY", Kind: ColumnProse}}
	rows := func() [][]string {
		return [][]string{{"undeclared", "contentful/spaces/abc123/api_keys/6gv", "Website \x1b[31m", "live, and nobody has declared it anywhere"}}
	}
	write := func(rows [][]string, o format.Options) string {
		var b strings.Builder
		if err := WriteTable(&b, columns, rows, o); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	want := "STATE       NAME              WHY\n" +
		"undeclared  Website \\x1b[31m  live, and nobody has declared it\n" +
		"                              anywhere\n" +
		"  contentful/spaces/abc123/api_keys/6gv\n"
	if got := write(rows(), format.Options{Width: 64}); got != want {
		t.Errorf("on a terminal:\n%s\nwant\n%s", got, want)
	}
	want = "STATE       TOKEN                                  NAME              WHY\n" +
		"undeclared  contentful/spaces/abc123/api_keys/6gv  Website \\x1b[31m  live, and nobody has declared it anywhere\n"
	if got := write(rows(), format.Options{}); got != want {
		t.Errorf("in a pipe:\n%s\nwant\n%s", got, want)
	}
	tabs := func(rows [][]string) string {
		var b strings.Builder
		if err := WriteTSV(&b, columns, rows); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	want = "STATE\tTOKEN\tNAME\tWHY\nundeclared\tcontentful/spaces/abc123/api_keys/6gv\tWebsite \\x1b[31m\tlive, and nobody has declared it anywhere\n"
	if got := tabs(rows()); got != want {
		t.Errorf("tab-separated:\n%s", got)
	}
	if got := tabs(nil); got != "STATE\tTOKEN\tNAME\tWHY\n" {
		t.Errorf("no rows: %q", got)
	}
	if got := write(nil, format.Options{Width: 64}); got != "" {
		t.Errorf("no rows on a terminal: %q", got)
	}
}

func renderedTable(t *testing.T, r *report.Report, o format.Options) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Format().Render(&b, r, o); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
