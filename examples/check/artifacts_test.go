package check

import (
	"encoding/json"
	"fmt"
	"regexp"
	"testing"

	"github.com/itchyny/gojq"
)

// TestBaselineFilter runs the filter of the nightly comparison as gh does, on what
// GitHub's API says of artifacts: the runs that left them, the newest first.
func TestBaselineFilter(t *testing.T) {
	t.Parallel()
	filter := regexp.MustCompile(`(?s)--jq '(.*?)'`).FindStringSubmatch(read(t, "../schedule/github/nightly-diff.yml"))
	query, err := gojq.Parse(filter[1])
	if err != nil {
		t.Fatal(err)
	}
	for answer, want := range map[string]string{
		`{"total_count": 0, "artifacts": []}`: "[]",
		`{"total_count": 3, "artifacts": [
			{"id": 1, "name": "tokens-baseline", "expired": false, "created_at": "2026-11-20T03:40:00Z", "workflow_run": {"id": 11}},
			{"id": 3, "name": "tokens-baseline", "expired": false, "created_at": "2026-11-22T03:40:00Z", "workflow_run": {"id": 33}},
			{"id": 2, "name": "tokens-baseline", "expired": true, "created_at": "2026-11-21T03:40:00Z", "workflow_run": {"id": 22}}]}`: "[33 11]",
	} {
		var document any
		if err := json.Unmarshal([]byte(answer), &document); err != nil {
			t.Fatal(err)
		}
		values := []any{}
		results := query.Run(document)
		for value, ok := results.Next(); ok; value, ok = results.Next() {
			if err, failed := value.(error); failed {
				t.Fatal(err)
			}
			values = append(values, value)
		}
		if got := fmt.Sprint(values); got != want {
			t.Errorf("the runs are %s, want %s", got, want)
		}
	}
}
