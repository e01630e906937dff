package reviews_test

import (
	"testing"
	"time"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/policies/input"
	"github.com/tokenaudit/tokenaudit/policies/reviews"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func review(t *testing.T, token, date string, decision input.Decision, by string) reviews.Review {
	t.Helper()
	from, until, err := reviews.ParseDate(date)
	if err != nil {
		t.Fatal(err)
	}
	return reviews.Review{Token: token, Reviewer: token + date, Date: date, From: from, Until: until, Decision: decision, By: by}
}

func token() inventory.Token {
	made := inventory.Timestamp{State: inventory.TimestampAt, At: noon.AddDate(0, 0, -100)}
	return inventory.Token{ID: "datocms/projects/77/access_tokens/312", CreatedAt: made, UpdatedAt: made}
}

func TestParseDate(t *testing.T) {
	for text, want := range map[string][2]string{
		"2026-11-22":                {"2026-11-22T00:00:00Z", "2026-11-22T23:59:59.999999999Z"},
		"2026-11-22T14:00:00+02:00": {"2026-11-22T12:00:00Z", "2026-11-22T12:00:00Z"},
		"2026-02-30":                {}, "2026-11-22 14:00": {}, "": {}, "yesterday": {},
	} {
		from, until, err := reviews.ParseDate(text)
		if (err != nil) != (want[0] == "") {
			t.Errorf("%q: %v", text, err)
		}
		if err == nil && (from.Format(time.RFC3339Nano) != want[0] || until.Format(time.RFC3339Nano) != want[1]) {
			t.Errorf("%q: %s to %s", text, from, until)
		}
	}
}

// The latest review counts, whatever its order and whether it names the token by its id; of
// two of one time the later in the configuration; never one from the future.
func TestLastReview(t *testing.T) {
	id := token().ID
	for name, tt := range map[string]struct {
		all  []reviews.Review
		want string
	}{
		"none":             {},
		"another token":    {[]reviews.Review{review(t, "datocms/projects/77/access_tokens/31", "2026-11-01", input.Keep, "")}, ""},
		"the id":           {[]reviews.Review{review(t, id, "2026-11-01", input.Keep, "")}, id + "2026-11-01"},
		"later glob":       {[]reviews.Review{review(t, "datocms/*", "2026-11-02", input.Keep, ""), review(t, id, "2026-11-01", input.Keep, "")}, "datocms/*2026-11-02"},
		"later id":         {[]reviews.Review{review(t, id, "2026-11-03", input.Keep, ""), review(t, "datocms/*", "2026-11-02", input.Keep, "")}, id + "2026-11-03"},
		"the same day":     {[]reviews.Review{review(t, id, "2026-11-02", input.Keep, ""), review(t, "datocms/*", "2026-11-02", input.Keep, "")}, "datocms/*2026-11-02"},
		"the same, turned": {[]reviews.Review{review(t, "datocms/*", "2026-11-02", input.Keep, ""), review(t, id, "2026-11-02", input.Keep, "")}, id + "2026-11-02"},
		"today":            {[]reviews.Review{review(t, id, "2026-11-22", input.Keep, "")}, id + "2026-11-22"},
		"dated ahead":      {[]reviews.Review{review(t, id, "2026-11-01", input.Keep, ""), review(t, id, "2026-11-23", input.Keep, "")}, id + "2026-11-01"},
		"an hour ahead":    {[]reviews.Review{review(t, id, "2026-11-22T13:00:00Z", input.Keep, "")}, ""},
	} {
		of := token()
		got := reviews.New(tt.all).Of(&of, noon)
		if got == nil && tt.want != "" || got != nil && got.Reviewer != tt.want {
			t.Errorf("%s: %+v, want %q", name, got, tt.want)
		}
	}
	of := token()
	if got := (*reviews.Reviews)(nil).Of(&of, noon); got != nil {
		t.Errorf("no reviews: %+v", got)
	}
}

func TestReviewsAhead(t *testing.T) {
	rs := reviews.New([]reviews.Review{review(t, "a", "2026-11-22", input.Keep, ""), review(t, "b", "2026-11-23", input.Keep, ""), review(t, "*", "2026-11-22T12:00:01Z", input.Keep, "")})
	if ahead := rs.Ahead(noon); len(ahead) != 2 || ahead[0].Token != "b" || ahead[1].Token != "*" {
		t.Errorf("%+v", ahead)
	}
	if ahead := (*reviews.Reviews)(nil).Ahead(noon); ahead != nil {
		t.Errorf("%+v", ahead)
	}
}

func TestDaysOfReview(t *testing.T) {
	of := token()
	for by, want := range map[string]int{"2026-11-22": -1, "2026-11-21": 1, "2026-10-23": 30} {
		got := reviews.New([]reviews.Review{review(t, of.ID, "2026-10-22", input.Revoke, by)}).Of(&of, noon)
		overdue := -1
		if got.OverdueDays != nil {
			overdue = *got.OverdueDays
		}
		if got.Days != 31 || overdue != want {
			t.Errorf("by %s: %d days, overdue for %d, want %d", by, got.Days, overdue, want)
		}
	}
	at := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	if got := reviews.New([]reviews.Review{review(t, of.ID, "2026-11-21T00:00:00.5Z", input.Keep, "")}).Of(&of, at); got.Days != 0 {
		t.Errorf("half a second short of a day: %d days", got.Days)
	}
}

// A review counts only if it is known to be no older than the last change; a day counts as a
// whole.
func TestReviewBeforeChange(t *testing.T) {
	const day, time14 = "2026-11-12", "2026-11-12T14:00:00Z"
	on := func(text string) inventory.Timestamp {
		moment, err := time.Parse(time.RFC3339, text)
		if err != nil {
			t.Fatal(err)
		}
		return inventory.Timestamp{State: inventory.TimestampAt, At: moment}
	}
	hidden := inventory.UnknownTime("hidden")
	never := inventory.None()
	seen := func(notBefore, at string) *inventory.FirstSeen {
		return &inventory.FirstSeen{NotBefore: on(notBefore).At, At: on(at).At}
	}
	for name, tt := range map[string]struct {
		date             string
		created, updated inventory.Timestamp
		seen             *inventory.FirstSeen
		want             inventory.Ternary
		made             inventory.Ternary
	}{
		"changed before":                {day, hidden, on("2026-11-11T23:59:59Z"), nil, inventory.No, inventory.No},
		"changed on the day":            {day, hidden, on("2026-11-12T00:00:01Z"), nil, inventory.Unknown, inventory.No},
		"changed at its start":          {day, hidden, on("2026-11-12T00:00:00Z"), nil, inventory.No, inventory.No},
		"changed after":                 {day, hidden, on("2026-11-13T00:00:00Z"), nil, inventory.Yes, inventory.No},
		"changed an hour before":        {time14, hidden, on("2026-11-12T13:00:00Z"), nil, inventory.No, inventory.No},
		"changed an hour after":         {time14, hidden, on("2026-11-12T15:00:00Z"), nil, inventory.Yes, inventory.No},
		"nobody knows":                  {day, on("2026-01-01T00:00:00Z"), hidden, nil, inventory.Unknown, inventory.No},
		"nobody knows, made after":      {day, on("2026-11-20T00:00:00Z"), hidden, nil, inventory.Yes, inventory.Yes},
		"never changed":                 {day, on("2026-01-01T00:00:00Z"), never, nil, inventory.No, inventory.No},
		"never changed, made after":     {day, on("2026-11-20T00:00:00Z"), never, nil, inventory.Yes, inventory.Yes},
		"never changed, of no age":      {day, hidden, never, nil, inventory.Unknown, inventory.No},
		"never changed, seen before":    {day, hidden, never, seen("2026-01-01T00:00:00Z", "2026-11-01T00:00:00Z"), inventory.No, inventory.No},
		"never changed, seen around it": {day, hidden, never, seen("2026-01-01T00:00:00Z", "2026-11-20T00:00:00Z"), inventory.Unknown, inventory.No},
		"never changed, not there yet":  {day, hidden, never, seen("2026-11-14T00:00:00Z", "2026-11-20T00:00:00Z"), inventory.Yes, inventory.Yes},
	} {
		of := token()
		of.CreatedAt, of.UpdatedAt, of.FirstSeen = tt.created, tt.updated, tt.seen
		got := reviews.New([]reviews.Review{review(t, of.ID, tt.date, input.Keep, "")}).Of(&of, noon)
		if got.BeforeChange != tt.want || got.BeforeCreation != tt.made || (got.Reason != "") != (tt.want == inventory.Unknown) {
			t.Errorf("%s: %+v", name, got)
		}
	}
	of := token()
	of.CreatedAt = hidden
	if got := reviews.New([]reviews.Review{review(t, "datocms/*", day, input.Revoke, day)}).Of(&of, noon); got.BeforeCreation != inventory.Unknown {
		t.Errorf("by a glob: %+v", got)
	}
}
