package codec

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
)

// scanner cuts a document into its pieces without decoding them: it walks the
// outer structure and copies out one token, or one other member, at a time.
type scanner struct {
	in     *bufio.Reader
	limits Limits
	offset int64
	line   int
}

func newScanner(r io.Reader, l Limits) *scanner {
	return &scanner{in: bufio.NewReaderSize(r, 1<<16), limits: l, line: 1}
}

// fail makes an error at the place that was reached.
func (s *scanner) fail(pointer, format string, args ...any) *PlaceError {
	return &PlaceError{
		Pointer: absolute(pointer), Line: s.line, Offset: s.offset,
		Message: printable(fmt.Sprintf(format, args...)),
	}
}

// window returns the bytes that are at hand, at least one. At the end of the
// document it returns none and no error.
func (s *scanner) window(ctx context.Context) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if s.offset > s.limits.Document {
		return nil, s.fail("", "the document is larger than %d bytes", s.limits.Document)
	}
	if _, err := s.in.Peek(1); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("read the inventory: %w", err)
	}
	return s.in.Peek(s.in.Buffered())
}

// consume moves past bytes of the window.
func (s *scanner) consume(seen []byte) {
	s.offset += int64(len(seen))
	s.line += bytes.Count(seen, []byte{'\n'})
	_, _ = s.in.Discard(len(seen)) // they are buffered
}

// begin reads the brace that a document begins with. It tells apart what is most
// often there instead.
func (s *scanner) begin(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	mark, _ := s.in.Peek(3) // an error comes again
	switch {
	case bytes.Equal(mark, []byte("\xef\xbb\xbf")):
		s.consume(mark)
	case bytes.HasPrefix(mark, []byte("\xff\xfe")), bytes.HasPrefix(mark, []byte("\xfe\xff")):
		return s.fail("", "the document is UTF-16, as PowerShell's > writes it, not UTF-8")
	case bytes.HasPrefix(mark, []byte("\x1f\x8b")):
		return s.fail("", "the document is compressed by gzip")
	}
	if next, err := s.next(ctx); err != nil {
		return err
	} else if next == 0 {
		return s.fail("", "the document is empty")
	}
	return s.take(ctx, '{', "")
}

// next skips white space and returns the byte behind it without moving past it;
// 0 at the end of the document.
func (s *scanner) next(ctx context.Context) (byte, error) {
	for {
		window, err := s.window(ctx)
		if err != nil || len(window) == 0 {
			return 0, err
		}
		rest := bytes.TrimLeft(window, " \n\t\r")
		s.consume(window[:len(window)-len(rest)])
		if len(rest) > 0 {
			return rest[0], nil
		}
	}
}

// take skips white space and the byte c, which has to be there.
func (s *scanner) take(ctx context.Context, c byte, pointer string) error {
	next, err := s.next(ctx)
	switch {
	case err != nil:
		return err
	case next == 0:
		return s.fail(pointer, "the document ends too early: expected %q", c)
	case next != c:
		return s.fail(pointer, "expected %q, found %q", c, next)
	}
	s.consume([]byte{c})
	return nil
}

// more reads the comma before another element, or the closing byte. An element
// has to be there if it is the first and the next byte is not the closing one.
func (s *scanner) more(ctx context.Context, first bool, closing byte, pointer string) (bool, error) {
	next, err := s.next(ctx)
	if err != nil {
		return false, err
	}
	if next == closing {
		return false, s.take(ctx, closing, pointer)
	}
	if first {
		return true, nil
	}
	if next != ',' {
		if next == 0 {
			return false, s.fail(pointer, "the document ends too early: expected a comma or %q", closing)
		}
		return false, s.fail(pointer, "expected a comma or %q, found %q", closing, next)
	}
	return true, s.take(ctx, ',', pointer)
}

// value copies the next value out, whole and unchecked but for its size and depth.
func (s *scanner) value(ctx context.Context, pointer string) (fragment, error) {
	if next, err := s.next(ctx); err != nil {
		return fragment{}, err
	} else if next == 0 {
		return fragment{}, s.fail(pointer, "the document ends too early: expected a value")
	}
	found := fragment{pointer: pointer, offset: s.offset, line: s.line}
	end := valueEnd{maxDepth: s.limits.Depth + 1}
	for {
		window, err := s.window(ctx)
		if err != nil {
			return fragment{}, err
		}
		n, done := end.scan(window)
		found.raw = append(found.raw, window[:n]...)
		s.consume(window[:n])
		switch {
		case end.tooDeep:
			return fragment{}, s.fail(pointer, "values are nested more than %d levels deep", s.limits.Depth)
		case done && len(found.raw) == 0:
			return fragment{}, s.fail(pointer, "expected a value, found %q", window[0])
		case len(found.raw) > s.limits.Value:
			return fragment{}, s.fail(pointer, "the value is larger than %d bytes", s.limits.Value)
		case done:
			return found, nil
		case len(window) == 0 && end.closed():
			return found, nil
		case len(window) == 0:
			return fragment{}, s.fail(pointer, "the document ends in the middle of a value")
		}
	}
}

// key reads the key of a member and the colon behind it.
func (s *scanner) key(ctx context.Context, pointer string) (string, error) {
	f, err := s.value(ctx, pointer)
	if err != nil {
		return "", err
	}
	value, bad := parse(f.raw, s.limits)
	if bad != nil {
		return "", f.faultAt(bad.at, bad.problem)
	}
	name, ok := value.(string)
	if !ok {
		return "", f.fault(problem{message: "expected a key in quotes"})
	}
	return name, s.take(ctx, ':', joinPointer(pointer, name))
}

// valueEnd finds where a value ends. It knows strings and brackets, no more:
// what is between them is the parser's to judge.
type valueEnd struct {
	depth, maxDepth   int
	inString, escaped bool
	tooDeep           bool
}

// closed reports whether the value may end with the document: a bare word can.
func (v *valueEnd) closed() bool { return v.depth == 0 && !v.inString }

// scan returns how many bytes of window belong to the value, and whether it ends there.
func (v *valueEnd) scan(window []byte) (int, bool) {
	for i := 0; i < len(window); i++ {
		if v.inString {
			i += v.skipText(window[i:])
			if v.inString || v.depth > 0 {
				continue
			}
			return i + 1, true
		}
		switch c := window[i]; {
		case c == '"':
			v.inString = true
		case c == '{' || c == '[':
			if v.depth++; v.depth > v.maxDepth {
				v.tooDeep = true
				return i, false
			}
		case c == '}' || c == ']':
			if v.depth == 0 {
				return i, true // it closes what is around a bare word
			}
			if v.depth--; v.depth == 0 {
				return i + 1, true
			}
		case v.depth == 0 && (c == ',' || isSpace(c)):
			return i, true
		}
	}
	return len(window), false
}

// skipText moves over the text of a string to the quote that ends it, or to the
// last byte of window.
func (v *valueEnd) skipText(window []byte) int {
	for i, c := range window {
		switch {
		case v.escaped:
			v.escaped = false
		case c == '\\':
			v.escaped = true
		case c == '"':
			v.inString = false
			return i
		}
	}
	return len(window) - 1
}
