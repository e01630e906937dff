package deadlines_test

import (
	"testing"
	"time"

	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/policies/deadlines"
)

func TestTheMostSpecificDeadlineWins(t *testing.T) {
	d := &deadlines.Deadlines{
		Severity: deadlines.Days{policies.Critical: 2, policies.High: 14},
		Rules:    map[string]int{"write-token-never-expires": 30},
		Teams:    map[string]deadlines.Days{"web": {policies.High: 7}, "unassigned": {policies.Low: 90}},
	}
	for _, tt := range []struct {
		rule, team string
		severity   policies.Severity
		want       int
	}{
		{"unused-token", "", policies.Critical, 2}, {"unused-token", "web", policies.Critical, 2}, {"unused-token", "web", policies.High, 7}, {"unused-token", "shop", policies.High, 14},
		{"write-token-never-expires", "web", policies.High, 30}, {"write-token-never-expires", "", policies.Info, 30},
		{"unused-token", "web", policies.Low, -1}, {"unused-token", "", policies.Low, 90},
	} {
		days, ok := d.Of(tt.rule, tt.team, tt.severity)
		if !ok {
			days = -1
		}
		if days != tt.want {
			t.Errorf("%s %s %s: %d days, want %d", tt.rule, tt.team, tt.severity, days, tt.want)
		}
	}
	if _, ok := (*deadlines.Deadlines)(nil).Of("unused-token", "", policies.High); ok {
		t.Error("no deadlines are some")
	}
}

func TestDaysBetween(t *testing.T) {
	at := func(s string) time.Time {
		moment, err := time.Parse(time.RFC3339, s)
		if err != nil {
			t.Fatal(err)
		}
		return moment
	}
	for _, tt := range []struct {
		from, to string
		want     int
	}{
		{"2026-11-01T23:59:00Z", "2026-11-02T00:01:00Z", 1}, {"2026-11-01T00:01:00Z", "2026-11-01T23:59:00Z", 0},
		{"2026-11-02T00:30:00+02:00", "2026-11-02T12:00:00Z", 1}, {"2026-11-03T12:00:00Z", "2026-11-01T12:00:00Z", -2},
	} {
		if got := deadlines.DaysBetween(at(tt.from), at(tt.to)); got != tt.want {
			t.Errorf("%s to %s: %d, want %d", tt.from, tt.to, got, tt.want)
		}
	}
}
