package codec

import (
	"bytes"
	"time"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
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
	// timeMark stands for a time. No member that has passed has it in its text:
	// JSON demands that it is escaped.
	timeMark = 0x01
	// longestTime is RFC 3339 with nanoseconds, in UTC.
	longestTime = len("2006-01-02T15:04:05.999999999Z")
)

// read takes the pattern from the text of a member. A time is a whole string of
// the form that this program writes: in UTC, and not longer than longestTime. Any
// other is text like the rest.
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
		quote := bytes.LastIndexByte(raw[first:end], '"')
		start := first + quote + 1
		if at, ok := parseTime(raw[start:end]); ok && quote >= 0 {
			p.key = append(append(p.key, raw[:start]...), timeMark)
			p.times = append(p.times, at)
		} else {
			p.key = append(p.key, raw[:end]...)
		}
		raw = raw[end:]
	}
	p.key = append(p.key, raw...)
}

// learn returns what is worth remembering of a member that was just read and has
// passed, if it is known where its times belong. It finds that by trying: the
// text is decoded with another time in each place, and a field that had the one
// and then has the other is where it comes from. A time that stands elsewhere,
// such as in a reason, has no such field, even if a field holds the same time.
func (p *pattern) learn(m member, set func(*inventory.Token)) (remembered, bool) {
	if len(p.times) == 0 {
		return remembered{set: set}, true
	}
	if len(p.times) > maxTimes {
		return remembered{}, false
	}
	others := make([]time.Time, len(p.times))
	text := p.key[len(m.name)+1:]
	for i, at := range p.times {
		others[i] = anotherTime(i, at)
		text = bytes.Replace(text, []byte{timeMark}, []byte(others[i].Format(time.RFC3339)), 1)
	}
	setOthers, err := m.decode(text)
	if err != nil {
		return remembered{}, false
	}
	var before, after inventory.Token
	set(&before)
	setOthers(&after)
	had, has := m.times(&before), m.times(&after)
	places := make([]int, len(others))
	for i := range places {
		if places[i] = placeOf(had, has, p.times[i], others[i]); places[i] < 0 {
			return remembered{}, false
		}
	}
	return remembered{set: set, places: places}, true
}

// placeOf says which field had the one time and has the other; -1 for none.
func placeOf(had, has [maxTimes]*time.Time, one, other time.Time) int {
	for i := range had {
		if had[i] != nil && had[i].Equal(one) && has[i].Equal(other) {
			return i
		}
	}
	return -1
}

// anotherTime returns a time that is not at, and not that of another i.
func anotherTime(i int, at time.Time) time.Time {
	another := time.Date(2000+2*i, 1, 1, 0, 0, 0, 0, time.UTC)
	if another.Equal(at) {
		return another.AddDate(1, 0, 0)
	}
	return another
}
