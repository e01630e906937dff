package cmsapi

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

func sprint(values ...any) string {
	s := fmt.Sprintln(values...)
	return s[:len(s)-1]
}

func TestParseMoment(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"2017-10-06T15:25:58Z":           "2017-10-06T15:25:58Z zoned",
		"2026-11-22T01:05:22.981Z":       "2026-11-22T01:05:22.981Z zoned",
		"2026-11-22T01:05:22.123456789Z": "2026-11-22T01:05:22.123456789Z zoned",
		"2026-11-22T01:05:42+00:00":      "2026-11-22T01:05:42Z zoned",
		"2026-11-22T01:05:42.5+09:00":    "2026-11-21T16:05:42.5Z zoned",
		"2026-11-22T01:05:42+0900":       "2026-11-21T16:05:42Z zoned",
		"2026-11-22 01:05:42Z":           "2026-11-22T01:05:42Z zoned",
		"2026-11-22 01:05:42 UTC":        "2026-11-22T01:05:42Z zoned",
		// What other abbreviations mean depends on the place, and for Go on the machine.
		"2026-11-22 01:05:42 CET":        "a string that is not a time",
		"2026-11-22 01:05:42 PST":        "a string that is not a time",
		"2026-11-22 01:05:42 GMT+3":      "a string that is not a time",
		"2026-11-22T00:45:03":            "2026-11-22T00:45:03Z",
		"2026-11-22T00:45:03.25":         "2026-11-22T00:45:03.25Z",
		"2026-11-22 00:45:03":            "2026-11-22T00:45:03Z",
		"2026-11-22":                     "2026-11-22T00:00:00Z day",
		"0001-01-01T00:00:00Z":           "0001-01-01T00:00:00Z zoned",
		"9999-12-31T23:59:59Z":           "9999-12-31T23:59:59Z zoned",
		"9999-12-31T23:59:59-01:00":      "a time outside the years 1 to 9999",
		"0000-01-01T00:00:00Z":           "a time outside the years 1 to 9999",
		"0000-01-01":                     "a time outside the years 1 to 9999",
		"+292278994-08-17T07:12:55.807Z": "a string that is not a time",
		"2026-02-30":                     "a string that is not a time",
		"2026-11-22T25:00:00Z":           "a string that is not a time",
		"":                               "a string that is not a time",
		"s3cret":                         "a string that is not a time",
		"22.11.2026":                     "a string that is not a time",
	} {
		m, err := ParseMoment(text)
		got := m.Time.Format(time.RFC3339Nano)
		if m.Zoned {
			got += " zoned"
		}
		if m.Day {
			got += " day"
		}
		if err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}

func TestTimestamp(t *testing.T) {
	t.Parallel()
	for document, want := range map[string]string{
		`{"at":"2026-11-22T01:05:22Z"}`: "at 2026-11-22 01:05:22 ",
		`{"at":null}`:                   "none 0001-01-01 00:00:00 ",
		`{}`:                            "unknown 0001-01-01 00:00:00 the CMS's response has no at",
		`{"at":7}`:                      "unknown 0001-01-01 00:00:00 at in the CMS's response is a number",
		`{"at":"2026-11-22T01:05:22"}`:  "at 2026-11-22 01:05:22 ",
	} {
		var got struct {
			At Field[UTCMoment] `json:"at"`
		}
		if err := json.Unmarshal([]byte(document), &got); err != nil {
			t.Fatal(err)
		}
		if s := stamp(Timestamp("at", UTC(got.At), true)); s != want {
			t.Errorf("%s: %s, want %s", document, s, want)
		}
	}
	if s := stamp(Timestamp("at", Field[Moment]{State: FieldNull}, false)); s != "unknown 0001-01-01 00:00:00 at is null in the CMS's response" {
		t.Errorf("null that is not none: %s", s)
	}
}

func TestLastUse(t *testing.T) {
	t.Parallel()
	used := time.Date(2026, 11, 22, 1, 5, 22, 0, time.UTC)
	given := Given(Moment{Time: used})
	for name, c := range map[string]struct{ got, want inventory.LastUsed }{
		"exact":   {LastUse("at", given, 0), inventory.UsedAt(used)},
		"rough":   {LastUse("at", given, time.Hour), inventory.UsedBetween(used, used.Add(time.Hour))},
		"never":   {LastUse("at", Field[Moment]{State: FieldNull}, time.Hour), inventory.NeverUsed()},
		"unknown": {LastUse("at", Field[Moment]{}, 0), inventory.UnknownUse("the CMS's response has no at")},
	} {
		if !cmp.Equal(c.got, c.want) {
			t.Errorf("%s: %+v, want %+v", name, c.got, c.want)
		}
	}
}

func stamp(s inventory.Timestamp) string {
	return fmt.Sprint(s.State, " ", s.At.Format(time.DateTime), " ", s.Reason)
}
