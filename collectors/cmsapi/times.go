package cmsapi

import (
	"time"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// Moment is a time as a CMS writes it.
type Moment struct {
	// Time is UTC. For a date without a time it is 00:00 of that day.
	Time time.Time
	// Day is set for a date without a time.
	Day bool
	// Zoned is false for a time without a zone, which is read as UTC, and for a
	// date.
	Zoned bool
}

// momentLayouts are the forms that the CMSes use. Go reads a fraction of a
// second after each of them.
var momentLayouts = []struct {
	layout string
	zoned  bool
}{
	{time.RFC3339, true},
	{"2006-01-02T15:04:05Z0700", true},
	{"2006-01-02 15:04:05Z07:00", true},
	{"2006-01-02 15:04:05 UTC", true},
	{"2006-01-02T15:04:05", false},
	{"2006-01-02 15:04:05", false},
}

// ParseMoment reads RFC 3339 with or without a fraction, the same without a
// zone, and a date alone. The error does not quote s.
func ParseMoment(s string) (Moment, error) {
	if t, err := time.Parse(time.DateOnly, s); err == nil {
		return bounded(Moment{Time: t, Day: true})
	}
	for _, l := range momentLayouts {
		if t, err := time.Parse(l.layout, s); err == nil {
			return bounded(Moment{Time: t.UTC(), Zoned: l.zoned})
		}
	}
	return Moment{}, &formError{"a string that is not a time"}
}

// bounded refuses years that RFC 3339 cannot write.
func bounded(m Moment) (Moment, error) {
	if y := m.Time.Year(); y < 1 || y > 9999 {
		return Moment{}, &formError{"a time outside the years 1 to 9999"}
	}
	return m, nil
}

// UnmarshalJSON implements json.Unmarshaler. It accepts a time with a zone, or
// a date.
func (m *Moment) UnmarshalJSON(b []byte) error {
	parsed, err := momentOf(b)
	if err != nil {
		return err
	}
	if !parsed.Zoned && !parsed.Day {
		return &formError{"a time without a zone"}
	}
	*m = parsed
	return nil
}

// UTCMoment is a Moment of a CMS that leaves the zone out and means UTC.
type UTCMoment struct{ Moment }

// UnmarshalJSON implements json.Unmarshaler.
func (m *UTCMoment) UnmarshalJSON(b []byte) error {
	parsed, err := momentOf(b)
	if err != nil {
		return err
	}
	m.Moment = parsed
	return nil
}

func momentOf(b []byte) (Moment, error) {
	var s string
	if unmarshal(b, &s) != nil {
		return Moment{}, &formError{jsonType(b)}
	}
	return ParseMoment(s)
}

// Timestamp makes a timestamp of a field. A null becomes TimestampNone if
// nullIsNone, that is, if the CMS writes null for "did not happen"; everything
// else that is not a time is unknown, with its reason.
func Timestamp(name string, f Field[Moment], nullIsNone bool) inventory.Timestamp {
	switch {
	case f.State == FieldGiven:
		// At refuses the zero time, which no document can hold.
		return inventory.At(f.Value.Time)
	case f.State == FieldNull && nullIsNone:
		return inventory.Timestamp{State: inventory.TimestampNone}
	default:
		return inventory.Timestamp{State: inventory.TimestampUnknown, Reason: f.Reason(name)}
	}
}

// LastUse makes a last use of a field. The use was within resolution after what the CMS
// writes, 0 for exactly then. A null is never; everything else that is not a time is
// unknown, with its reason.
func LastUse(name string, f Field[Moment], resolution time.Duration) inventory.LastUsed {
	switch {
	case f.State == FieldGiven && resolution == 0:
		return inventory.UsedAt(f.Value.Time)
	case f.State == FieldGiven:
		return inventory.UsedBetween(f.Value.Time, f.Value.Time.Add(resolution))
	case f.State == FieldNull:
		return inventory.NeverUsed()
	default:
		return inventory.UnknownUse(f.Reason(name))
	}
}

// UTC turns the field of a CMS that leaves the zone out into one that has it.
func UTC(f Field[UTCMoment]) Field[Moment] {
	return Field[Moment]{Value: f.Value.Moment, State: f.State, wrong: f.wrong}
}
