package codec

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/collectors/redact"
)

// PlaceError says what is wrong with a document, and where.
type PlaceError struct {
	// Pointer is a JSON pointer (RFC 6901) to the value, or to the nearest one
	// around it that could be read; "" is the document.
	Pointer string
	// Line counts from 1, Offset in bytes from 0.
	Line   int
	Offset int64
	// Message is one line. Text of the document in it is quoted and cut.
	Message string
}

func (e *PlaceError) Error() string {
	where := printable(redact.Text(strings.TrimPrefix(e.Pointer, "/")))
	if where == "" {
		where = "document"
	}
	return fmt.Sprintf("%s: %s (line %d, byte %d)", where, e.Message, e.Line, e.Offset)
}

// maxShown is how much of a document's own text an error repeats, in bytes.
const maxShown = 200

// printable makes text of a document fit for one line of an error.
func printable(s string) string {
	if len(s) > maxShown {
		cut := maxShown
		for cut > 0 && !utf8.RuneStart(s[cut]) {
			cut--
		}
		s = s[:cut] + "…"
	}
	clean := func(r rune) bool { return !unicode.IsPrint(r) || r == utf8.RuneError }
	if strings.ContainsFunc(s, clean) {
		quoted := strconv.QuoteToASCII(s)
		return quoted[1 : len(quoted)-1]
	}
	return s
}

// pointerOf undoes the URL escaping that the schema library puts on pointers,
// and drops the leading slash.
func pointerOf(location string) string {
	location = strings.TrimPrefix(location, "/")
	if plain, err := url.PathUnescape(location); err == nil {
		return plain
	}
	return location
}

var (
	escapePointer   = strings.NewReplacer("~", "~0", "/", "~1")
	unescapePointer = strings.NewReplacer("~1", "/", "~0", "~")
)

// joinPointer appends one name, escaped, to a pointer without leading slash.
func joinPointer(pointer, name string) string {
	return joinPointers(pointer, escapePointer.Replace(name))
}

// joinPointers appends a pointer without leading slash to another.
func joinPointers(outer, inner string) string {
	switch {
	case outer == "":
		return inner
	case inner == "":
		return outer
	}
	return outer + "/" + inner
}

// absolute makes the RFC 6901 form of a pointer without leading slash.
func absolute(pointer string) string {
	if pointer == "" {
		return ""
	}
	return "/" + pointer
}

// problem is one thing that is wrong, at a JSON pointer without its leading slash.
type problem struct{ pointer, message string }

// problemsOf are what the schema's own checks found.
func problemsOf(found []inventory.Problem) []problem {
	var problems []problem
	for _, p := range found {
		problems = append(problems, problem{p.Pointer, p.Message})
	}
	return problems
}

// fragment is a piece of a document, and where it stands there.
type fragment struct {
	raw []byte
	// pointer has no leading slash.
	pointer string
	offset  int64
	line    int
}

// fault makes the error for a problem inside the fragment.
func (f fragment) fault(p problem) *PlaceError {
	return f.faultAt(locate(f.raw, p.pointer), p)
}

// faultAt is fault for a problem whose byte in the fragment is known.
func (f fragment) faultAt(at int, p problem) *PlaceError {
	at = min(at, len(f.raw))
	return &PlaceError{
		Pointer: absolute(joinPointers(f.pointer, p.pointer)),
		Line:    f.line + strings.Count(string(f.raw[:at]), "\n"),
		Offset:  f.offset + int64(at),
		Message: printable(p.message),
	}
}
