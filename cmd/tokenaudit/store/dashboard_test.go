//go:build linux

package store

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/report"
)

// dashboard is what the tests look at of the example for Grafana.
type dashboard struct {
	SchemaVersion int `json:"schemaVersion"`
	Templating    struct {
		List []struct{ Name, Type, Query string } `json:"list"`
	} `json:"templating"`
	Panels []struct {
		ID         int                      `json:"id"`
		Title      string                   `json:"title"`
		Datasource map[string]string        `json:"datasource"`
		GridPos    struct{ X, Y, W, H int } `json:"gridPos"`
		Targets    []struct {
			Datasource map[string]string `json:"datasource"`
			Format     string            `json:"format"`
			RawQuery   bool              `json:"rawQuery"`
			RawSQL     string            `json:"rawSql"`
		} `json:"targets"`
	} `json:"panels"`
}

func historyDashboard(t *testing.T) dashboard {
	t.Helper()
	text, err := os.ReadFile("../../../examples/grafana/history-postgres.json")
	if err != nil {
		t.Fatal(err)
	}
	var d dashboard
	if err := json.Unmarshal(text, &d); err != nil {
		t.Fatal(err)
	}
	return d
}

// Every panel asks the data source that the reader chooses, and has a place of its own.
func TestDashboard(t *testing.T) {
	const plugin = "grafana-postgresql-datasource"
	d := historyDashboard(t)
	if v := d.Templating.List; d.SchemaVersion < 41 || len(v) != 1 || v[0].Name != "datasource" || v[0].Type != "datasource" || v[0].Query != plugin {
		t.Errorf("schema version %d, variables %+v", d.SchemaVersion, v)
	}
	chosen := map[string]string{"type": plugin, "uid": "${datasource}"}
	ids, taken := map[int]bool{}, map[[2]int]string{}
	for _, p := range d.Panels {
		if ids[p.ID] || p.Title == "" || len(p.Targets) != 1 {
			t.Fatalf("panel %d %q with %d targets", p.ID, p.Title, len(p.Targets))
		}
		ids[p.ID] = true
		if target := p.Targets[0]; !cmp.Equal(p.Datasource, chosen) || !cmp.Equal(target.Datasource, chosen) || !target.RawQuery {
			t.Errorf("%q asks %v and %v", p.Title, p.Datasource, target.Datasource)
		}
		for x := p.GridPos.X; x < p.GridPos.X+p.GridPos.W; x++ {
			for y := p.GridPos.Y; y < p.GridPos.Y+p.GridPos.H; y++ {
				if other := taken[[2]int{x, y}]; other != "" || x >= 24 {
					t.Fatalf("%q lies over %q, or out of the 24 columns", p.Title, other)
				}
				taken[[2]int{x, y}] = p.Title
			}
		}
	}
}

// threeRuns are two runs of one week and one of the next: something is resolved, reopened,
// new, waived, and not seen again.
func threeRuns() []Input {
	day := func(d int) time.Time { return time.Date(2026, 11, d, 3, 0, 0, 0, time.UTC) }
	return []Input{
		seenOn(day(2), inventory.CompleteUnit("management", inventory.Management), "admin/a critical", "old/a medium", "old/b medium", "owner/c high"),
		seenOn(day(3), inventory.CompleteUnit("management", inventory.Management), "admin/a critical", "owner/c high"),
		seenOn(day(10), inventory.FailedUnit("management", inventory.ErrTimeout, "no answer", "", inventory.Management), "old/b medium", "old/c low", "owner/c high"),
	}
}

// seenOn returns a run over one source whose management tokens are read or not; a finding is
// "rule/token severity", and those of the rule owner are waived.
func seenOn(at time.Time, management inventory.Unit, findings ...string) Input {
	const id = "north/sources/1"
	source := inventory.Source{
		ID: id, CMS: "north", Kind: inventory.KindSpace, Name: id, CollectedAt: at, Facts: inventory.Facts{},
		Units: []inventory.Unit{inventory.CompleteUnit("delivery", inventory.Delivery), management},
	}
	r := &report.Report{
		Schema: report.Schema, Tool: inventory.Tool{Name: "tokenaudit", Version: "1"}, At: at, ConfigDigest: "1",
		Policies: report.PolicySet{Digest: "1", OPA: "1"}, Complete: management.Status == inventory.UnitComplete,
		Rules:  []report.Rule{{ID: "admin"}, {ID: "old"}, {ID: "owner"}},
		Tokens: []report.Token{}, Gaps: []report.Gap{},
	}
	for _, token := range []inventory.Token{
		{ID: "a", Kind: inventory.Management, Access: inventory.Access{Level: inventory.LevelAdmin}, Owner: inventory.Owner{Name: "Ada", State: inventory.OwnerDeactivated}},
		{ID: "b", Kind: inventory.Delivery, Access: inventory.Access{Level: inventory.LevelRead}, Owner: inventory.Owner{Name: "Omar", State: inventory.OwnerActive}},
		{ID: "c", Kind: inventory.Delivery, Access: inventory.Access{Level: inventory.LevelRead}, Owner: inventory.UnknownOwner("not told")},
	} {
		token.Name, token.CMS, token.Source, token.APIs = "token "+token.ID, source.CMS, id, []inventory.API{}
		if r.Complete || token.Kind == inventory.Delivery {
			source.Tokens = append(source.Tokens, token)
			r.Tokens = append(r.Tokens, report.Token{Token: token})
		}
	}
	one := report.WithoutTokens(source)
	r.Sources = append(r.Sources, one)
	for _, text := range findings {
		what, severity, _ := strings.Cut(text, " ")
		rule, token, _ := strings.Cut(what, "/")
		f := &report.Finding{Rule: rule, Source: id, CMS: source.CMS, Token: token, Status: policies.Fail, Severity: policies.Severity(severity), Message: what}
		f.Fingerprint = report.Fingerprint(rule, id, token, "")
		f.Kind = inventory.Delivery
		if token == "a" {
			f.Kind = inventory.Management
		}
		if rule == "owner" {
			f.Status, f.Waiver = policies.Waived, &policies.Waiver{Owner: "o", ApprovedBy: "p", Expires: "2026-12-01"}
		}
		r.Findings = append(r.Findings, f)
	}
	return Input{Report: r, Sources: []inventory.Source{source}, Definitions: map[string]string{"admin": "1", "old": "1", "owner": "1"}}
}

var (
	viewRow  = regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\| [^|]+ \\| (`[^|]+) \\|$")
	aside    = regexp.MustCompile(`\([^)]*\)`)
	named    = regexp.MustCompile("`([a-z_]+)`")
	macro    = regexp.MustCompile(`\$__timeFilter\(([^)]*)\)`)
	anyMacro = regexp.MustCompile(`\$\S+`)
)

// documented makes a schema that has the views and columns which the page names, and nothing
// else, and returns a connection to it, in the time zone of somebody.
func (c *cluster) documented(t *testing.T, of string) *sql.DB {
	t.Helper()
	page, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	statements := []string{"CREATE SCHEMA documented"}
	for _, view := range viewRow.FindAllStringSubmatch(string(page), -1) {
		var columns []string
		for _, column := range named.FindAllStringSubmatch(aside.ReplaceAllString(view[2], ""), -1) {
			columns = append(columns, column[1])
		}
		statements = append(statements, fmt.Sprintf("CREATE VIEW documented.%s AS SELECT %s FROM %s.%[1]s", view[1], strings.Join(columns, ", "), of))
	}
	if len(statements) != 7 {
		t.Fatalf("the page has other than 6 views: %q", statements)
	}
	for _, statement := range statements {
		if err := c.do(t, statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	db, err := sql.Open("pgx", c.connection()+" search_path=documented timezone=Asia/Tokyo")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// asked returns the rows of a query of November 2026, with the names of the columns before.
func asked(t *testing.T, db *sql.DB, title, query string) []string {
	t.Helper()
	query = macro.ReplaceAllString(query, "$1 BETWEEN '2026-11-01T00:00:00Z' AND '2026-12-01T00:00:00Z'")
	if left := anyMacro.FindString(query); left != "" {
		t.Fatalf("%q: the test does not know %s", title, left)
	}
	rows, err := db.QueryContext(t.Context(), query)
	if err != nil {
		t.Fatalf("%q: %v", title, err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	said := []string{strings.Join(columns, "|")}
	for rows.Next() {
		values, into := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			t.Fatal(err)
		}
		row := make([]string, len(values))
		for i, value := range values {
			row[i] = fmt.Sprint(value)
			if at, ok := value.(time.Time); ok {
				row[i] = stamp(at)
			}
		}
		said = append(said, strings.Join(row, "|"))
	}
	if err := rows.Err(); err != nil {
		t.Fatalf("%q: %v", title, err)
	}
	return said
}

// The panels of the example for Grafana ask for documented columns only, and say what is so.
func dashboardSaysWhatIsSo(t *testing.T, c *cluster) {
	t.Helper()
	s := c.store(t)
	for _, run := range threeRuns() {
		write(t, s, observe(t, scan{run}))
	}
	db := c.documented(t, fmt.Sprint("store", c.stores))
	queries, said := map[string]string{}, map[string][]string{}
	for _, p := range historyDashboard(t).Panels {
		rows := asked(t, db, p.Title, p.Targets[0].RawSQL)
		if len(rows) < 2 {
			t.Errorf("%q shows nothing", p.Title)
		}
		// Grafana reads a series in the order of time.
		byTime := func(a, b string) int { return strings.Compare(a[:20], b[:20]) }
		if series := p.Targets[0].Format == "time_series"; series && (rows[0] != "time|metric|value" || !slices.IsSortedFunc(rows[1:], byTime)) {
			t.Errorf("%q is not a series: %q", p.Title, rows)
		}
		queries[p.Title], said[p.Title] = p.Targets[0].RawSQL, rows[1:]
	}
	// What depends on the clock.
	delete(said, "Age of the last run")
	const overTime = "Open findings by severity"
	said[overTime] = notZero(said[overTime])
	if diff := cmp.Diff(panelsOfThreeRuns, said); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	readerSeesTheViewsAlone(t, c)
	// What was pruned stays in the number.
	if _, err := s.Prune(t.Context(), time.Date(2026, 11, 10, 0, 0, 0, 0, time.UTC)); err != nil {
		t.Fatal(err)
	}
	want := []string{"2026-11-02T03:00:00Z|critical|1", "2026-11-02T03:00:00Z|medium|1", "2026-11-02T03:00:00Z|severity forgotten|1"}
	if diff := cmp.Diff(want, notZero(asked(t, db, overTime, queries[overTime])[1:])[:3]); diff != "" {
		t.Errorf("pruned (-want +got):\n%s", diff)
	}
}

// readerSeesTheViewsAlone makes the user of the page.
func readerSeesTheViewsAlone(t *testing.T, c *cluster) {
	t.Helper()
	page, err := os.ReadFile("../../../examples/grafana/README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, block, _ := strings.Cut(string(page), "```sql\n")
	block, _, _ = strings.Cut(block, "```")
	schema := fmt.Sprint("store", c.stores)
	if err := c.do(t, "SET search_path = "+schema+";"+strings.ReplaceAll(block, "SCHEMA public", "SCHEMA "+schema)); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("pgx", "user=grafana dbname=postgres host="+c.dir+" search_path="+schema)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, view := range []string{"runs", "tokens", "token_history", "findings", "open_findings", "finding_history"} {
		asked(t, db, view, "SELECT * FROM "+view)
	}
	if _, err := db.ExecContext(t.Context(), "SELECT * FROM body"); err == nil || !strings.Contains(err.Error(), "permission denied") {
		t.Errorf("the user of the page reads tables: %v", err)
	}
}

// notZero returns the points of a series that are not zero, sorted.
func notZero(points []string) []string {
	points = slices.DeleteFunc(slices.Clone(points), func(row string) bool { return strings.HasSuffix(row, "|0") })
	slices.Sort(points)
	return points
}

var panelsOfThreeRuns = map[string][]string{
	"Everything read":                 {"0"},
	"Open findings":                   {"3"},
	"Not seen since":                  {"1"},
	"Waivers that end within 30 days": {"1"},
	"Tokens":                          {"2"},
	"Open findings by severity": {
		"2026-11-02T03:00:00Z|critical|1", "2026-11-02T03:00:00Z|medium|2",
		"2026-11-03T03:00:00Z|critical|1",
		"2026-11-10T03:00:00Z|critical|1", "2026-11-10T03:00:00Z|low|1", "2026-11-10T03:00:00Z|medium|1",
	},
	"New against resolved, by week": {"2026-11-02|0|0|2|0", "2026-11-09|1|1|0|0"},
	"Oldest open findings": {
		"critical|admin|token a|north/sources/1||admin/a|unseen|2026-11-02T03:00:00Z|8",
		"medium|old|token b|north/sources/1||old/b|open|2026-11-02T03:00:00Z|8",
		"low|old|token c|north/sources/1||old/c|open|2026-11-10T03:00:00Z|0",
	},
	"Tokens by kind and access":        {"delivery read|2", "management admin|1"},
	"Tokens by state of their owner":   {"active|1", "deactivated|1", "unknown|1"},
	"Tokens whose owner is not active": {"token a|north/sources/1|management|admin|Ada|deactivated|2026-11-02T03:00:00Z"},
	"Findings not seen since":          {"critical|admin|token a|north/sources/1|unread|2026-11-03T03:00:00Z|2026-11-10T03:00:00Z"},
	"Waivers that end soon":            {"2026-12-01|21|high|owner|token c|north/sources/1|o|p"},
}
