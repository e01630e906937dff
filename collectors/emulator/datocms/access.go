package datocms

import "time"

// accessWord says a last use in DatoCMS's words: whole days, weeks from Monday,
// calendar months, in the zone of the options. The words overlap; the first
// that fits is served.
func (d *Emulator) accessWord(u Use, now time.Time) string {
	if u.Word != "" {
		return u.Word
	}
	if u.At.IsZero() {
		return "never"
	}
	for _, s := range d.accessSpans(now.In(d.options.Zone)) {
		if !u.At.Before(s.from) && u.At.Before(s.to) {
			return s.word
		}
	}
	return "never"
}

// accessSpan is the time that a word means: from is part of it, to is not.
type accessSpan struct {
	word     string
	from, to time.Time
}

func (d *Emulator) accessSpans(now time.Time) []accessSpan {
	today := time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, now.Location())
	tomorrow, yesterday := today.AddDate(0, 0, 1), today.AddDate(0, 0, -1)
	monday := today.AddDate(0, 0, -(int(today.Weekday())+6)%7)
	first := today.AddDate(0, 0, 1-today.Day())
	days := []accessSpan{{"today", today, tomorrow}, {"yesterday", yesterday, today}}
	weeks := []accessSpan{{"this_week", monday, tomorrow}, {"last_week", monday.AddDate(0, 0, -7), monday}}
	months := []accessSpan{{"this_month", first, tomorrow}, {"last_month", first.AddDate(0, -1, 0), first}}
	if d.options.MonthBeforeWeek {
		return append(append(days, months...), weeks...)
	}
	return append(append(days, weeks...), months...)
}
