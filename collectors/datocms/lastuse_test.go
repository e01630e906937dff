package datocms

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenaudit/tokenaudit/collectors/cmsapi"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

func words() []string {
	return []string{"today", "yesterday", "this_week", "last_week", "this_month", "last_month"}
}

// holds is the documentation of the words, told another way: it looks at one
// calendar day of a use and at today, and says whether the word fits.
func holds(word string, use, today time.Time) bool {
	if use.After(today) {
		return false
	}
	ago := int(today.Sub(use) / (24 * time.Hour))
	useYear, useWeek := use.ISOWeek()
	year, week := today.ISOWeek()
	lastYear, lastWeek := today.AddDate(0, 0, -7).ISOWeek()
	months := func(t time.Time) int { return t.Year()*12 + int(t.Month()) }
	switch word {
	case "today":
		return ago == 0
	case "yesterday":
		return ago == 1
	case "this_week":
		return useYear == year && useWeek == week
	case "last_week":
		return useYear == lastYear && useWeek == lastWeek
	case "this_month":
		return months(use) == months(today)
	case "last_month":
		return months(use) == months(today)-1
	case wordNever:
		return months(use) < months(today)-1
	}
	return false
}

// reach is how many days back the oracle looks: two months and a day more.
const reach = 63

// oracle remembers, for a day, how many days ago the first and the last use
// lie that a word fits.
type oracle map[time.Time]map[string]ago

type ago struct{ most, least int }

func (o oracle) on(today time.Time) map[string]ago {
	if known, ok := o[today]; ok {
		return known
	}
	fits := map[string]ago{}
	for _, word := range append(words(), wordNever) {
		for n := range reach {
			if !holds(word, today.AddDate(0, 0, -n), today) {
				continue
			}
			a, seen := fits[word]
			if !seen {
				a.least = n
			}
			a.most = n
			fits[word] = a
		}
	}
	o[today] = fits
	return fits
}

// TestBoundsHoldEverywhere is the promise of the collector: at every date of
// several years, whatever the time zone of DatoCMS's server and whichever of
// several fitting words it chooses, the last use lies within the bounds.
func TestBoundsHoldEverywhere(t *testing.T) {
	zones := []int{-12 * 60, -11 * 60, -5 * 60, -60, 0, 60, 2 * 60, 5*60 + 45, 9 * 60, 13 * 60, 14 * 60}
	clock := []time.Duration{0, 10*time.Hour + 30*time.Minute, 23*time.Hour + 59*time.Minute}
	expected := oracle{}
	for date := time.Date(2023, 12, 1, 0, 0, 0, 0, time.UTC); date.Year() < 2029; date = date.AddDate(0, 0, 1) {
		for _, c := range clock {
			at := date.Add(c)
			for _, minutes := range zones {
				zone := time.FixedZone("", minutes*60)
				today := calendarDay(at.In(zone))
				midnight := func(daysAgo int) time.Time {
					return time.Date(today.Year(), today.Month(), today.Day()-daysAgo, 0, 0, 0, 0, zone)
				}
				fits := expected.on(today)
				for _, word := range words() {
					earliest, latest, ok := bounds(word, at)
					a := fits[word]
					first, last := midnight(a.most), midnight(a.least-1).Add(-time.Nanosecond)
					if last.After(at) {
						last = at
					}
					if !ok || latest.After(at) || first.Before(earliest) || last.After(latest) {
						t.Fatalf("%s at %v, server at UTC%+d min: a use from %v to %v is outside of %v to %v",
							word, at, minutes, first.UTC(), last.UTC(), earliest, latest)
					}
				}
				if last := midnight(fits[wordNever].least - 1).Add(-time.Nanosecond); last.After(recordBegin(at)) {
					t.Fatalf("never at %v, server at UTC%+d min: a use at %v is after %v", at, minutes, last.UTC(), recordBegin(at))
				}
			}
		}
	}
}

// TestBoundsAreSharp: bounds that always hold are easy to make too wide. Each
// is reached by the first or last moment of a day in some time zone.
func TestBoundsAreSharp(t *testing.T) {
	expected := oracle{}
	for at := time.Date(2026, 1, 1, 13, 7, 0, 0, time.UTC); at.Year() == 2026; at = at.AddDate(0, 0, 1) {
		var begin time.Time
		first, last := map[string]time.Time{}, map[string]time.Time{}
		for offset := zoneWest; offset <= zoneEast; offset += time.Minute {
			today := calendarDay(at.Add(offset))
			fits := expected.on(today)
			for _, word := range words() {
				from := today.AddDate(0, 0, -fits[word].most).Add(-offset)
				if first[word].IsZero() || from.Before(first[word]) {
					first[word] = from
				}
				if to := today.AddDate(0, 0, 1-fits[word].least).Add(-offset); to.After(last[word]) {
					last[word] = to
				}
			}
			if b := today.AddDate(0, 0, 1-fits[wordNever].least).Add(-offset); b.After(begin) {
				begin = b
			}
		}
		// The oracle goes by the minute: it misses the very offset at which a day ends.
		same := func(a, b time.Time) bool { return a.Sub(b).Abs() <= time.Minute }
		for _, word := range words() {
			earliest, latest, _ := bounds(word, at)
			if last[word].After(at) {
				last[word] = at
			}
			if !same(earliest, first[word]) || !same(latest, last[word]) {
				t.Errorf("%s at %v: %v to %v, could be %v to %v", word, at, earliest, latest, first[word], last[word])
			}
		}
		if !same(begin, recordBegin(at)) {
			t.Errorf("never at %v: since %v, could be %v", at, recordBegin(at), begin)
		}
	}
}

func calendarDay(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)
}

func TestLastUse(t *testing.T) {
	at := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC) // a Sunday
	moment := func(month time.Month, day, hour int) time.Time {
		return time.Date(2026, month, day, hour, 0, 0, 0, time.UTC)
	}
	between := func(word string, earliest, latest time.Time) inventory.LastUsed {
		return inventory.LastUsed{State: inventory.LastUsedBetween, Earliest: earliest, Latest: latest, Evidence: inventory.EvidenceCMS, Word: word}
	}
	tests := map[string]inventory.LastUsed{
		"today":      between("today", moment(11, 21, 9), at),
		"yesterday":  between("yesterday", moment(11, 20, 9), at),
		"this_week":  between("this_week", moment(11, 15, 10), at),
		"last_week":  between("last_week", moment(11, 8, 10), moment(11, 16, 12)),
		"this_month": between("this_month", moment(10, 31, 10), at),
		"last_month": between("last_month", moment(9, 30, 10), moment(11, 1, 12)),
		"never":      {State: inventory.LastUsedNoneOnRecord, Latest: moment(10, 1, 12), Evidence: inventory.EvidenceCMS, Word: "never"},
		"this_year": {
			State: inventory.LastUsedUnknown, Word: "this_year",
			Reason: `DatoCMS reports "this_year" in last_cma_access, which is not documented`,
		},
	}
	for word, want := range tests {
		if diff := cmp.Diff(want, lastUse("last_cma_access", cmsapi.Given(word), at)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", word, diff)
		}
	}
	for reason, field := range map[string]cmsapi.Field[string]{
		"the CMS's response has no last_cma_access":     {},
		"last_cma_access is null in the CMS's response": {State: cmsapi.FieldNull},
	} {
		want := inventory.LastUsed{State: inventory.LastUsedUnknown, Reason: reason}
		if diff := cmp.Diff(want, lastUse("last_cma_access", field, at)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
}

// TestNeverAtTheTurnOfTheMonth: while it is already the first somewhere, the
// record may begin a month later than UTC would say.
func TestNeverAtTheTurnOfTheMonth(t *testing.T) {
	for at, want := range map[time.Time]time.Time{
		time.Date(2026, 11, 30, 9, 59, 0, 0, time.UTC): time.Date(2026, 10, 1, 12, 0, 0, 0, time.UTC),
		time.Date(2026, 11, 30, 10, 0, 0, 0, time.UTC): time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC).Add(-14 * time.Hour),
		time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC):  time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC),
	} {
		if got := recordBegin(at); !got.Equal(want) {
			t.Errorf("at %v the record begins at %v, want %v", at, got, want)
		}
	}
}

// A word that nobody documented may be a secret in the wrong place.
func TestUndocumentedWordThatLooksLikeASecret(t *testing.T) {
	secret := "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.abcdefghijklmnop"
	use := lastUse("last_cda_access", cmsapi.Given(secret), time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC))
	if use.Word != "" || strings.Contains(use.Reason, "eyJzdWIi") || use.State != inventory.LastUsedUnknown {
		t.Errorf("got %+v", use)
	}
}
