package datocms

import (
	"fmt"
	"strconv"
	"time"

	"github.com/tokenaudit/tokenaudit/collectors/cmsapi"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// DatoCMS tells the last use of a token by a word: today, yesterday,
// this_week and last_week (Monday to Sunday), this_month and last_month
// (calendar months), or never: not since last month began, or not at all.
//
// Two things are not documented, and a verdict must not rest on a guess about
// them. Which word is used where two fit (on a Wednesday, Tuesday is yesterday
// and this week): so every word stands for its whole span, although reading
// them as a list of first matches would make some lower bounds sharper; the
// upper bounds, which prove use, are the same. And in which time zone a day
// begins: so the bounds hold for every zone there is, from UTC-12 to UTC+14.
// Widening the span by a day, as one could, does not do: a server that is still
// in Sunday when UTC is in Monday means the week before by this_week.
const (
	zoneWest = -12 * time.Hour
	zoneEast = 14 * time.Hour
	day      = 24 * time.Hour

	wordNever = "never"
)

// lastUse turns a word that was read at the time at into bounds. name is the
// attribute, for the reason of an unknown.
func lastUse(name string, word cmsapi.Field[string], at time.Time) inventory.LastUsed {
	if word.State != cmsapi.FieldGiven {
		return inventory.UnknownUse(word.Reason(name))
	}
	quoted := cmsapi.Word(word.Value)
	use := inventory.UnknownUse(fmt.Sprintf("DatoCMS reports %s in %s, which is not documented", quoted, name))
	if word.Value == wordNever {
		use = inventory.NoUseOnRecord(recordBegin(at))
	} else if earliest, latest, ok := bounds(word.Value, at); ok {
		use = inventory.UsedBetween(earliest, latest)
	}
	if quoted == strconv.Quote(word.Value) { // what may be a secret is not kept
		use.Word = word.Value
	}
	return use
}

// bounds returns the earliest and the latest instant that a word can mean.
func bounds(word string, at time.Time) (earliest, latest time.Time, ok bool) {
	for _, local := range localDays(at) {
		first, last, known := span(word, local.day)
		if !known {
			return time.Time{}, time.Time{}, false
		}
		if begin := first.Add(-local.east); earliest.IsZero() || begin.Before(earliest) {
			earliest = begin
		}
		if end := last.Add(day - local.west); end.After(latest) {
			latest = end
		}
	}
	if latest.After(at) {
		latest = at
	}
	return earliest, latest, true
}

// recordBegin is since when there was no use for sure if the word is never.
func recordBegin(at time.Time) time.Time {
	var begin time.Time
	for _, local := range localDays(at) {
		if b := monthOf(local.day).AddDate(0, -1, 0).Add(-local.west); b.After(begin) {
			begin = b
		}
	}
	return begin
}

// localDay is a calendar day that it is somewhere at a given instant.
type localDay struct {
	// day is its midnight, as if in UTC.
	day time.Time
	// west and east are the least and the greatest offset from UTC at which it
	// is that day.
	west, east time.Duration
}

// localDays returns the two or three calendar days that it is on Earth.
func localDays(at time.Time) []localDay {
	at = at.UTC()
	var days []localDay
	for d := at.Add(zoneWest).Truncate(day); !d.After(at.Add(zoneEast)); d = d.Add(day) {
		days = append(days, localDay{day: d, west: max(zoneWest, d.Sub(at)), east: min(zoneEast, d.Add(day).Sub(at))})
	}
	return days
}

// span returns the first and the last day that a word covers on the day today.
func span(word string, today time.Time) (first, last time.Time, ok bool) {
	monday := today.AddDate(0, 0, -(int(today.Weekday())+6)%7)
	month := monthOf(today)
	switch word {
	case "today":
		return today, today, true
	case "yesterday":
		return today.AddDate(0, 0, -1), today.AddDate(0, 0, -1), true
	case "this_week":
		return monday, today, true
	case "last_week":
		return monday.AddDate(0, 0, -7), monday.AddDate(0, 0, -1), true
	case "this_month":
		return month, today, true
	case "last_month":
		return month.AddDate(0, -1, 0), month.AddDate(0, 0, -1), true
	}
	return time.Time{}, time.Time{}, false
}

// monthOf is the first day of the month.
func monthOf(d time.Time) time.Time { return d.AddDate(0, 0, 1-d.Day()) }
