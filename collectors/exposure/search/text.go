package search

import (
	"bytes"

	"github.com/tokenaudit/tokenaudit/collectors/exposure"
)

// window is how much of a text is looked at at once, in bytes.
const window = 256 << 10

// before is how many bytes before a word say whether it begins there: an escape.
const before = exposure.LongestEscape

// text is a text that is searched piece by piece.
type text struct {
	search *Search
	// at is where the buffer begins.
	at     Hit
	buffer []byte
	// done: words that end up to here have been looked at.
	done int
}

// text begins a text at a place.
func (s *Search) text(at Hit) *text { return &text{search: s, at: at, buffer: s.spare} }

// write takes the next piece. It keeps nothing of p.
func (t *text) write(p []byte) {
	for len(p) > 0 {
		if t.buffer == nil {
			t.buffer = make([]byte, 0, window+t.search.longest+before)
			t.search.spare = t.buffer
		}
		n := min(len(p), cap(t.buffer)-len(t.buffer))
		t.buffer, p = append(t.buffer, p[:n]...), p[n:]
		if len(t.buffer) == cap(t.buffer) {
			t.look(len(t.buffer) - 1) // whether a word ends at the end is not known yet
			t.shift()
		}
	}
}

// shift leaves in the buffer what a word may begin in that goes on.
func (t *text) shift() {
	keep := min(len(t.buffer), t.search.longest+before)
	gone := len(t.buffer) - keep
	t.at.Line += bytes.Count(t.buffer[:gone], []byte("\n"))
	copy(t.buffer, t.buffer[gone:])
	clear(t.buffer[keep:])
	t.buffer = t.buffer[:keep]
	t.done = keep - 1
}

// end looks at the rest, and forgets the text.
func (t *text) end() {
	t.look(len(t.buffer))
	clear(t.buffer)
	t.buffer, t.done = t.buffer[:0], 0
}

// look looks at the words that end after done, and not after last.
func (t *text) look(last int) {
	s := t.search
	if s.shortest == 0 {
		return
	}
	for i := 0; i < len(t.buffer); i++ {
		if !s.any[t.buffer[i]] {
			continue
		}
		begin := i
		for i < len(t.buffer) && s.any[t.buffer[i]] {
			i++
		}
		if i-begin >= s.shortest {
			for g := range s.groups {
				t.run(&s.groups[g], begin, i, last)
			}
		}
	}
}

// run looks at the words of a group in a part of the buffer.
func (t *text) run(g *group, from, to, last int) {
	for i := from; i < to; i++ {
		if !g.member[t.buffer[i]] {
			continue
		}
		begin := i
		for i < to && g.member[t.buffer[i]] {
			i++
		}
		for start := begin; start+g.lengths[0] <= i; start++ {
			if start == begin || t.begins(start) {
				t.words(g, start, i, last)
			}
		}
	}
}

// words looks at the words of a group that begin at start, in a run that ends at to.
func (t *text) words(g *group, start, to, last int) {
	for _, length := range g.lengths {
		end := start + length
		switch {
		case end > to:
			return
		case end <= t.done || end > last || end < to && alphanumeric(t.buffer[end]):
			continue
		}
		for _, token := range t.search.secrets.Tokens(t.buffer[start:end]) {
			hit := t.at
			hit.Token = token
			hit.Line += bytes.Count(t.buffer[:start], []byte("\n"))
			t.search.found(hit)
		}
	}
}

// begins reports whether a word may begin in the middle of a run: after a sign, or after
// an escape.
func (t *text) begins(at int) bool {
	return !alphanumeric(t.buffer[at-1]) || exposure.AfterEscape(t.buffer, at)
}

func alphanumeric(c byte) bool { return exposure.ClassOf(c).Alphanumeric() }
