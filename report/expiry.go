package report

import "time"

// daysToEndOf counts the days from at to the date (YYYY-MM-DD), which counts to
// its end, UTC: 0 on the last day, negative once past. ok is false for
// something that is not a date.
func daysToEndOf(date string, at time.Time) (days int, ok bool) {
	const day = 24 * time.Hour
	last, err := time.Parse(time.DateOnly, date)
	if err != nil {
		return 0, false
	}
	return int(last.Sub(at.UTC().Truncate(day)) / day), true
}
