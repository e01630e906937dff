package codec

import (
	"bufio"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// Write writes a whole inventory, indented, sources sorted by ID. Two
// inventories with the same content give the same bytes.
func Write(w io.Writer, inv inventory.Inventory) error {
	sorted := slices.Clone(inv.Sources)
	slices.SortStableFunc(sorted, func(a, b inventory.Source) int { return cmp.Compare(a.ID, b.ID) })
	out := NewWriter(w, inv.Tool)
	out.Shard, out.Only, out.OnlyLabels = inv.Shard, inv.Only, inv.OnlyLabels
	out.SourcesDigest, out.CollectedUntil = inv.SourcesDigest, inv.CollectedUntil
	for _, s := range sorted {
		if err := out.WriteSource(s); err != nil {
			return err
		}
	}
	return out.Close()
}

// Writer writes an inventory source by source, so that a program never has to
// hold more than one. The document is complete only after Close.
type Writer struct {
	// Compact leaves out the indentation: every token has one line. Set it
	// before the first call.
	Compact bool
	// Shard says which part of a run is written; nil for the whole. Set it
	// before the first call.
	Shard *inventory.Shard
	// Only are the globs of sources that the reading was restricted to. Set them
	// before the first call.
	Only []string
	// OnlyLabels are the labels that the reading was restricted to. Set them before
	// the first call.
	OnlyLabels []string
	// SourcesDigest is that of the configuration; empty for none. Set it before the
	// first call.
	SourcesDigest string
	// CollectedUntil is the latest time of collection of the sources to come; zero
	// where it is not known. Set it before the first call.
	CollectedUntil time.Time

	out     *bufio.Writer
	tool    inventory.Tool
	started bool
	last    string
	err     error
}

// NewWriter makes a Writer to w. It buffers; Close flushes and does not close w.
func NewWriter(w io.Writer, tool inventory.Tool) *Writer {
	return &Writer{out: bufio.NewWriterSize(w, 1<<16), tool: tool}
}

// WriteSource writes one source in its normal form; s itself is not changed.
// Sources have to come once each, in the order of their IDs, because that is
// their order in the document. After an error the Writer only repeats it.
func (w *Writer) WriteSource(s inventory.Source) error {
	if w.err != nil {
		return w.err
	}
	if w.started && s.ID <= w.last {
		w.err = fmt.Errorf("write the inventory: source %q after %q: sources must be unique and sorted by id", s.ID, w.last)
		return w.err
	}
	if w.started {
		w.text(",")
	} else {
		w.start()
	}
	w.last = s.ID
	w.source(s)
	return w.failure()
}

// Close ends the document and flushes it. Nothing can be written afterwards.
func (w *Writer) Close() error {
	if w.err != nil {
		return w.err
	}
	if w.started {
		w.line(1)
	} else {
		w.start()
	}
	w.text("]")
	w.line(0)
	w.text("}\n")
	if err := w.out.Flush(); err != nil {
		w.err = fmt.Errorf("write the inventory: %w", err)
		return w.err
	}
	w.err = errors.New("write the inventory: it is closed")
	return nil
}

// start writes what stands before the first source.
func (w *Writer) start() {
	w.started = true
	w.text("{")
	w.member("schema", inventory.Schema)
	w.text(",")
	w.member("tool", w.tool)
	w.text(",")
	if w.Shard != nil {
		w.member("shard", w.Shard)
		w.text(",")
	}
	if len(w.Only) > 0 {
		w.member("only", w.Only)
		w.text(",")
	}
	if len(w.OnlyLabels) > 0 {
		w.member("only_labels", w.OnlyLabels)
		w.text(",")
	}
	if w.SourcesDigest != "" {
		w.member("sources_digest", w.SourcesDigest)
		w.text(",")
	}
	if !w.CollectedUntil.IsZero() {
		w.member("collected_until", w.CollectedUntil)
		w.text(",")
	}
	w.key(1, "sources")
	w.text("[")
}

// headOf is a source without its tokens: the outer Tokens hides the inner one.
type headOf struct {
	inventory.Source
	Tokens *struct{} `json:"tokens,omitempty"`
}

// source writes the members of a source, then its tokens one by one, of which no
// more than one is copied at a time: one source may be as large as all others
// together.
func (w *Writer) source(s inventory.Source) {
	head := s.Head()
	head.Normalise()
	w.line(2)
	w.text(strings.TrimSuffix(w.json(2, headOf{Source: head}), w.lineBreak(2)+"}"))
	w.text(",")
	w.key(3, "tokens")
	w.text("[")
	for i, at := range order(s.Tokens) {
		if i > 0 {
			w.text(",")
		}
		w.line(4)
		w.text(w.json(4, s.Tokens[at].Normal()))
	}
	if len(s.Tokens) > 0 {
		w.line(3)
	}
	w.text("]")
	w.line(2)
	w.text("}")
}

// order is where in a slice the tokens are that come first, second and so on in a
// document.
func order(tokens []inventory.Token) []int {
	at := make([]int, len(tokens))
	for i := range at {
		at[i] = i
	}
	slices.SortStableFunc(at, func(a, b int) int { return inventory.CompareTokens(tokens[a], tokens[b]) })
	return at
}

// member writes a member of the document.
func (w *Writer) member(name string, value any) {
	w.key(1, name)
	w.text(w.json(1, value))
}

func (w *Writer) key(depth int, name string) {
	w.line(depth)
	w.text(`"` + name + `":`)
	if !w.Compact {
		w.text(" ")
	}
}

func (w *Writer) line(depth int) {
	if w.Compact {
		w.text("\n")
		return
	}
	w.text(w.lineBreak(depth))
}

// lineBreak is what stands between two members at depth; nothing in compact JSON.
func (w *Writer) lineBreak(depth int) string {
	if w.Compact {
		return ""
	}
	return "\n" + strings.Repeat(indent, depth)
}

const indent = "  "

// json marshals a value that stands at depth. Names stay readable: <, > and &
// are not escaped, the document is never put into HTML as it is.
func (w *Writer) json(depth int, value any) string {
	var buffer strings.Builder
	encoder := json.NewEncoder(&buffer)
	encoder.SetEscapeHTML(false)
	if !w.Compact {
		encoder.SetIndent(strings.Repeat(indent, depth), indent)
	}
	if err := encoder.Encode(value); err != nil && w.err == nil {
		w.err = fmt.Errorf("write the inventory: %w", err)
	}
	return harmless(strings.TrimSuffix(buffer.String(), "\n"))
}

// harmless writes as escapes, which lose nothing, what encoding/json leaves
// alone and could harm a terminal or a CI log: C1 controls, bidi controls and
// invisible characters, and the ## with which a command for a CI system begins.
// Outside of strings JSON has none of these.
func harmless(document string) string {
	var b strings.Builder
	done := 0
	for i, r := range document {
		if r < 0x7f && (r != '#' || !strings.HasPrefix(document[i:], "##")) || r >= 0x7f && unicode.IsPrint(r) {
			continue
		}
		b.WriteString(document[done:i])
		for _, unit := range utf16.Encode([]rune{r}) {
			fmt.Fprintf(&b, `\u%04x`, unit)
		}
		done = i + utf8.RuneLen(r)
	}
	if done == 0 {
		return document
	}
	b.WriteString(document[done:])
	return b.String()
}

// text writes to the buffer, which keeps its first error until Flush.
func (w *Writer) text(s string) { _, _ = w.out.WriteString(s) }

// failure returns the first error of marshalling or writing.
func (w *Writer) failure() error {
	if w.err == nil {
		if _, err := w.out.Write(nil); err != nil {
			w.err = fmt.Errorf("write the inventory: %w", err)
		}
	}
	return w.err
}
