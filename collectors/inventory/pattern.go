package inventory

import (
	"bytes"
	"slices"
	"time"
)

// A pattern is the text of a member without the times in it: what many tokens
// have in common that were made, used and seen at different times.
type pattern struct {
	// key is the name of the member, and its text with timeMark for each time.
	// Both are used again for the next member.
	key   []byte
	times []time.Time
}

const (
	// maxTimes is how many times a member can have that is remembered without them.
	maxTimes = 3
	// timeMark stands for a time. No text that has passed the schema has it: JSON
	// demands that it is escaped.
	timeMark = 0x01
	// longestTime is RFC 3339 with nanoseconds, in UTC.
	longestTime = len("2006-01-02T15:04:05.999999999Z")
)

// read takes the pattern from the text of a member.
func (p *pattern) read(m member, raw []byte) {
	p.key, p.times = append(p.key[:0], m.name...), p.times[:0]
	p.key = append(p.key, 0)
	if m.times == nil {
		p.key = append(p.key, raw...)
		return
	}
	for {
		end := bytes.Index(raw, []byte(`Z"`)) + 1
		if end == 0 {
			break
		}
		first := max(0, end-longestTime-1)
		start := first + bytes.LastIndexByte(raw[first:end], '"') + 1
		var at time.Time
		if at.UnmarshalText(raw[start:end]) == nil {
			p.key = append(append(p.key, raw[:start]...), timeMark)
			p.times = append(p.times, at)
		} else {
			p.key = append(p.key, raw[:end]...)
		}
		raw = raw[end:]
	}
	p.key = append(p.key, raw...)
}

// learn gives what is worth remembering of a member that was just read and has
// passed, if it is known where its times belong. It finds that by trying: the
// text is decoded with a time of its own in each place. A time that stands
// elsewhere, such as in a reason, comes to no field that could hold it.
func (p *pattern) learn(m member, set func(*Token)) (remembered, bool) {
	if len(p.times) == 0 {
		return remembered{set: set}, true
	}
	if len(p.times) > maxTimes {
		return remembered{}, false
	}
	trials := make([]time.Time, len(p.times))
	text := slices.Clone(p.key[len(m.name)+1:])
	for i := range trials {
		trials[i] = time.Date(2001+i, 1, 1, 0, 0, 0, 0, time.UTC)
		text = bytes.Replace(text, []byte{timeMark}, []byte(trials[i].Format(time.RFC3339)), 1)
	}
	put, err := m.decode(text)
	if err != nil {
		return remembered{}, false
	}
	var t Token
	put(&t)
	found := m.times(&t)
	places := make([]int, len(trials))
	for i, trial := range trials {
		places[i] = slices.IndexFunc(found[:], func(at *time.Time) bool { return at != nil && at.Equal(trial) })
		if places[i] < 0 {
			return remembered{}, false
		}
	}
	return remembered{set: put, places: places}, true
}
