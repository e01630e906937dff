package prometheus

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/tokenaudit/tokenaudit/report/format"
	"github.com/tokenaudit/tokenaudit/report/reporttest"
)

const exampleFolder = "../../examples/grafana"

// metric is a family of the output, with the labels of its series.
type metric struct {
	name, help string
	labels     []string
}

var series = regexp.MustCompile(`^(tokenaudit_[a-z_]+)(?:\{(.*)\})? `)

// allMetrics are those of a report that has everything that there are metrics about.
func allMetrics(t *testing.T) []*metric {
	t.Helper()
	var all []*metric
	for line := range strings.Lines(string(renderedMetrics(t, reporttest.Compared(t), format.Options{}))) {
		if rest, ok := strings.CutPrefix(line, "# HELP "); ok {
			name, help, _ := strings.Cut(strings.TrimSpace(rest), " ")
			all = append(all, &metric{name: name, help: help})
		}
		if found := series.FindStringSubmatch(line); found != nil {
			last := all[len(all)-1]
			for _, label := range regexp.MustCompile(`([a-z_]+)="`).FindAllStringSubmatch(found[2], -1) {
				if !slices.Contains(last.labels, label[1]) && !strings.HasPrefix(label[1], labelsPrefix) {
					last.labels = append(last.labels, label[1])
				}
			}
		}
	}
	return all
}

func exampleText(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(exampleFolder, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// Every metric and label that a panel or an alert asks for is in the output.
func TestExamplesAskForMetricsThatThereAre(t *testing.T) {
	labels := map[string][]string{}
	for _, m := range allMetrics(t) {
		labels[m.name] = m.labels
	}
	selector := regexp.MustCompile(`(tokenaudit_[a-z_]+)(?:\{([^}]*)\})?`)
	matcher := regexp.MustCompile(`([a-z_]+)\s*(?:=~|!~|!=|=)`)
	for name, text := range map[string]string{"dashboard.json": strings.ReplaceAll(exampleText(t, "dashboard.json"), `\"`, `"`), "alerts.yaml": exampleText(t, "alerts.yaml")} {
		found := selector.FindAllStringSubmatch(text, -1)
		if len(found) < 10 {
			t.Errorf("%s asks for %d metrics", name, len(found))
		}
		for _, ask := range found {
			known, ok := labels[ask[1]]
			if !ok {
				t.Errorf("%s asks for %s, which there is not", name, ask[1])
			}
			for _, label := range matcher.FindAllStringSubmatch(ask[2], -1) {
				if !slices.Contains(known, label[1]) {
					t.Errorf("%s asks for the label %s of %s, which there is not", name, label[1], ask[1])
				}
			}
		}
	}
}

// dashboard is what the test looks at.
type dashboard struct {
	Title         string `json:"title"`
	UID           string `json:"uid"`
	SchemaVersion int    `json:"schemaVersion"`
	Templating    struct {
		List []struct{ Name, Type, Query string } `json:"list"`
	} `json:"templating"`
	Panels []struct {
		ID         int    `json:"id"`
		Type       string `json:"type"`
		Title      string `json:"title"`
		Datasource struct{ Type, UID string }
		GridPos    struct{ X, Y, W, H int } `json:"gridPos"`
		Targets    []struct {
			RefID      string `json:"refId"`
			Expr       string `json:"expr"`
			Datasource struct{ Type, UID string }
		} `json:"targets"`
	} `json:"panels"`
}

func TestDashboard(t *testing.T) {
	var d dashboard
	if err := json.Unmarshal([]byte(exampleText(t, "dashboard.json")), &d); err != nil {
		t.Fatal(err)
	}
	variables := d.Templating.List
	if d.Title == "" || d.UID == "" || d.SchemaVersion < 41 || len(variables) != 1 || variables[0].Name != "datasource" || variables[0].Type != "datasource" || variables[0].Query != "prometheus" {
		t.Errorf("%q %q, schema version %d, variables %+v", d.Title, d.UID, d.SchemaVersion, variables)
	}
	ids, taken := map[int]bool{}, map[[2]int]string{}
	for _, p := range d.Panels {
		if p.ID == 0 || ids[p.ID] || p.Title == "" || len(p.Targets) == 0 || !slices.Contains([]string{"stat", "timeseries", "bargauge"}, p.Type) {
			t.Errorf("panel %d %q of type %s with %d targets", p.ID, p.Title, p.Type, len(p.Targets))
		}
		ids[p.ID] = true
		for x := p.GridPos.X; x < p.GridPos.X+p.GridPos.W; x++ {
			for y := p.GridPos.Y; y < p.GridPos.Y+p.GridPos.H; y++ {
				if other := taken[[2]int{x, y}]; other != "" || x >= 24 {
					t.Fatalf("%q lies over %q, or out of the 24 columns", p.Title, other)
				}
				taken[[2]int{x, y}] = p.Title
			}
		}
		refs := map[string]bool{}
		for _, target := range p.Targets {
			if target.Expr == "" || refs[target.RefID] || target.Datasource.UID != "${datasource}" || p.Datasource.UID != "${datasource}" || target.Datasource.Type != "prometheus" {
				t.Errorf("%q: target %+v", p.Title, target)
			}
			refs[target.RefID] = true
		}
	}
}

// Prometheus' own program reads the alerts, and runs them on series that should fire them.
func TestAlertsByPromtool(t *testing.T) {
	promtool, err := exec.LookPath("promtool")
	if err != nil {
		t.Skip("promtool is not installed: it is in Debian's package prometheus")
	}
	// The queries of the dashboard are read as rules.
	var d dashboard
	if err := json.Unmarshal([]byte(exampleText(t, "dashboard.json")), &d); err != nil {
		t.Fatal(err)
	}
	rules := "groups:\n  - name: panels\n    rules:\n"
	for _, p := range d.Panels {
		for _, target := range p.Targets {
			rules += fmt.Sprintf("      - {record: 'panel:%d:%s', expr: %q}\n", p.ID, target.RefID, target.Expr)
		}
	}
	queries := filepath.Join(t.TempDir(), "queries.yaml")
	if err := os.WriteFile(queries, []byte(rules), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"check", "rules", filepath.Join(exampleFolder, "alerts.yaml")}, {"check", "rules", queries}, {"test", "rules", filepath.Join("testdata", "alerts_test.yaml")}} {
		if out, err := exec.CommandContext(t.Context(), promtool, args...).CombinedOutput(); err != nil {
			t.Errorf("promtool %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
}

// The page lists every metric. UPDATE_METRICS=1 writes it.
func TestMetricsPage(t *testing.T) {
	const begin, end = "<!-- metrics: begin -->\n", "<!-- metrics: end -->"
	page := exampleText(t, "README.md")
	before, rest, found := strings.Cut(page, begin)
	_, after, ended := strings.Cut(rest, end)
	if !found || !ended {
		t.Fatal("the page has no place for the metrics")
	}
	var list strings.Builder
	list.WriteString("\n| Metric | Labels | What it is |\n|---|---|---|\n")
	for _, m := range allMetrics(t) {
		labels := "none"
		if len(m.labels) > 0 {
			labels = "`" + strings.Join(m.labels, "`, `") + "`"
		}
		fmt.Fprintf(&list, "| `%s` | %s | %s |\n", m.name, labels, m.help)
	}
	list.WriteString("\n")
	want := before + begin + list.String() + end + after
	if want == page {
		return
	}
	if os.Getenv("UPDATE_METRICS") == "" {
		t.Fatal("examples/grafana/README.md does not list the metrics as they are; UPDATE_METRICS=1 writes it anew")
	}
	if err := os.WriteFile(filepath.Join(exampleFolder, "README.md"), []byte(want), 0o600); err != nil {
		t.Fatal(err)
	}
}
