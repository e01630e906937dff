package oscal

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"iter"
	"strconv"
	"strings"

	"github.com/tokenaudit/tokenaudit/report/safetext"
)

// stream writes JSON member by member, so that no list is ever held whole: an element
// of a list is one line. The first error sticks.
type stream struct {
	out *bufio.Writer
	// room is that of the member that is being encoded.
	room  bytes.Buffer
	depth int
	// begun: the innermost object or list has a member.
	begun bool
	err   error
}

func newStream(w io.Writer) *stream {
	s := &stream{out: bufio.NewWriterSize(w, 1<<16)}
	s.text("{")
	s.depth = 1
	return s
}

func (s *stream) text(text string) {
	if s.err == nil {
		_, s.err = s.out.WriteString(text)
	}
}

// next begins a member; name is empty in a list.
func (s *stream) next(name string) {
	if s.begun {
		s.text(",")
	}
	s.begun = true
	s.text("\n" + strings.Repeat("  ", s.depth))
	if name != "" {
		s.text(strconv.Quote(name) + ": ")
	}
}

// open begins a member that is an object or a list; name is empty in a list.
func (s *stream) open(name, bracket string) {
	s.next(name)
	s.text(bracket)
	s.depth++
	s.begun = false
}

func (s *stream) close(bracket string) {
	s.depth--
	s.text("\n" + strings.Repeat("  ", s.depth) + bracket)
	s.begun = true
}

// put writes a whole member; name is empty in a list.
func (s *stream) put(name string, value any) {
	s.next(name)
	if s.err != nil {
		return
	}
	s.room.Reset()
	encoder := json.NewEncoder(&s.room)
	encoder.SetEscapeHTML(false)
	if s.err = encoder.Encode(value); s.err == nil {
		_, s.err = safetext.NewJSONWriter(s.out).Write(bytes.TrimRight(s.room.Bytes(), "\n"))
	}
}

// list writes a list; nothing where there is no element, as OSCAL has no empty lists.
func list[T any](s *stream, name string, elements iter.Seq[T]) {
	opened := false
	for element := range elements {
		if !opened {
			s.open(name, "[")
			opened = true
		}
		s.put("", element)
		if s.err != nil {
			return
		}
	}
	if opened {
		s.close("]")
	}
}

func (s *stream) end() error {
	s.close("}")
	s.text("\n")
	if s.err == nil {
		s.err = s.out.Flush()
	}
	return s.err
}
