// Package console is where a command reads and writes: its streams, colors and width,
// and the progress that is drawn on a terminal.
package console

import (
	"context"
	"fmt"
	"io"
	"os"

	"golang.org/x/term"

	"github.com/tokenaudit/tokenaudit/collectors/interruptible"
	"github.com/tokenaudit/tokenaudit/report/format"
	"github.com/tokenaudit/tokenaudit/report/safetext"
)

// DefaultWidth is the width of a terminal that does not tell.
const DefaultWidth = 80

// Streams are where a command reads and writes. Data goes to Out, everything
// else to Err.
type Streams struct {
	In io.Reader
	// InFile is what In reads; nil where that is not a file.
	InFile *os.File
	Out    io.Writer
	Err    io.Writer
	// OutTerminal and errTerminal report whether a person is looking.
	OutTerminal, errTerminal bool
	// dumb: the terminal cannot move its cursor.
	dumb bool
	// Color: what goes to Out has ANSI colors.
	Color bool
	// forced is what the environment says of colors; empty for nothing.
	forced ColorMode
	// Width of the terminal, in columns: that of Out, else that of Err.
	Width int
	// Quiet leaves notes and progress out; errors are always told.
	Quiet bool
}

// New returns streams whose colors follow the environment, which lookup
// reads.
func New(in io.Reader, out, err io.Writer, lookup func(string) (string, bool)) *Streams {
	std := &Streams{In: in, Out: out, Err: err, Width: DefaultWidth}
	std.InFile, _ = in.(*os.File)
	std.errTerminal, std.Width = terminal(err, std.Width)
	std.OutTerminal, std.Width = terminal(out, std.Width)
	name, _ := lookup("TERM")
	std.dumb = name == "dumb"
	std.forced = colorOf(lookup)
	std.SetColor(ColorAuto)
	return std
}

// ColorMode is a value of --color.
type ColorMode string

// The values of --color.
const (
	ColorAuto   ColorMode = "auto"
	ColorAlways ColorMode = "always"
	ColorNever  ColorMode = "never"
)

// colorOf reads what the environment asks for: https://no-color.org and
// https://bixense.com/clicolors. NO_COLOR beats the others.
func colorOf(lookup func(string) (string, bool)) ColorMode {
	set := func(name string) bool {
		value, _ := lookup(name)
		return value != ""
	}
	on := func(name string) bool {
		value, _ := lookup(name)
		return value != "" && value != "0"
	}
	switch off, _ := lookup("CLICOLOR"); {
	case set("NO_COLOR"):
		return ColorNever
	case on("FORCE_COLOR"), on("CLICOLOR_FORCE"):
		return ColorAlways
	case off == "0":
		return ColorNever
	}
	return ""
}

// SetColor decides whether there are colors: by --color, else by the environment,
// else by whether a person is looking.
func (s *Streams) SetColor(mode ColorMode) {
	if mode == ColorAuto && s.forced != "" {
		mode = s.forced
	}
	s.Color = mode == ColorAlways || mode == ColorAuto && s.OutTerminal && !s.dumb
}

// Page says how tables are written to out.
func (s *Streams) Page() format.Options {
	o := format.Options{Color: s.Color}
	if s.OutTerminal {
		o.Width = s.Width
	}
	return o
}

// ProseWidth is how wide text for people is: as the terminal, or 80 columns where
// there is none.
func (s *Streams) ProseWidth() int {
	if s.OutTerminal {
		return s.Width
	}
	return DefaultWidth
}

// EndWith has a read of in and a write to out end with ctx.
func (s *Streams) EndWith(ctx context.Context) {
	s.In, s.Out = interruptible.Reader(ctx, s.In), interruptible.Writer(ctx, s.Out)
}

func terminal(w io.Writer, width int) (bool, int) {
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return false, width
	}
	if columns, _, err := term.GetSize(int(f.Fd())); err == nil && columns > 0 {
		width = columns
	}
	return true, width
}

// Note prints what is not part of the result, unless --quiet.
func (s *Streams) Note(text string, args ...any) {
	if !s.Quiet {
		s.Warn(text, args...)
	}
}

// Warn tells something that must not be overlooked. Names that came from a CMS
// must be sanitised by the caller.
func (s *Streams) Warn(text string, args ...any) {
	// There is nowhere to tell that stderr is gone.
	_, _ = fmt.Fprintf(s.Err, "tokenaudit: "+text+"\n", args...)
}

// WarnOf writes a warning of an error that nothing ends by; nil is none.
func (s *Streams) WarnOf(what string, err error) {
	if err != nil {
		s.Warn("%s: %v", what, err)
	}
}

// WarnAll warns of what may quote untrusted text.
func (s *Streams) WarnAll(warnings []string) {
	for _, warning := range warnings {
		s.Warn("%s", safetext.OneLine(warning))
	}
}
