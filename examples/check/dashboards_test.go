package check

import (
	"strings"
	"testing"

	"github.com/grafana/grafana-foundation-sdk/go/cog/plugins"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
)

// TestDashboards reads the dashboards by the types that Grafana generates of its schemas,
// those of the panels included.
func TestDashboards(t *testing.T) {
	t.Parallel()
	plugins.RegisterDefaultPlugins()
	for _, file := range glob(t, "../grafana/*.json") {
		for _, problem := range dashboardProblems(read(t, file)) {
			t.Errorf("%s: %s", file, problem)
		}
	}
	for _, broken := range []struct{ from, to string }{{`"showHeader"`, `"showHeadr"`}, {`"gridPos"`, `"gridPosition"`}, {`"lineInterpolation": "stepAfter"`, `"lineInterpolation": 1`}} {
		text := read(t, "../grafana/history-postgres.json")
		if changed := strings.ReplaceAll(text, broken.from, broken.to); changed == text || dashboardProblems(changed) == nil {
			t.Errorf("%s for %s is not noticed", broken.to, broken.from)
		}
	}
}

func dashboardProblems(text string) []string {
	var d dashboard.Dashboard
	err := d.UnmarshalJSONStrict([]byte(text))
	if err == nil {
		return nil
	}
	var problems []string
	for _, problem := range strings.Split(err.Error(), "\n") {
		// Grafana fills in the options of panels that have a default.
		if !strings.HasSuffix(problem, "required field is missing from input") {
			problems = append(problems, problem)
		}
	}
	return problems
}
