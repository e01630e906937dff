package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"golang.org/x/term"

	"github.com/tokenaudit/tokenaudit/collectors/interruptible"
	"github.com/tokenaudit/tokenaudit/report/format"
)

// defaultWidth is the width of a terminal that does not tell.
const defaultWidth = 80

// streams are where a command reads and writes. Data goes to out, everything
// else to err.
type streams struct {
	in io.Reader
	// inFile is what in reads; nil where that is no file.
	inFile *os.File
	out    io.Writer
	err    io.Writer
	// outTerminal and errTerminal tell whether a person is looking.
	outTerminal, errTerminal bool
	// dumb: the terminal cannot move its cursor.
	dumb bool
	// color: what goes to out has ANSI colors.
	color bool
	// forced is what the environment says of colors; empty for nothing.
	forced colorMode
	// width of the terminal, in columns: that of out, else that of err.
	width int
	// quiet leaves notes and progress out; errors are always told.
	quiet bool
}

func newStreams(s surroundings, lookup func(string) (string, bool)) *streams {
	std := &streams{in: s.in, out: s.out, err: s.err, width: defaultWidth}
	std.inFile, _ = s.in.(*os.File)
	std.errTerminal, std.width = terminal(s.err, std.width)
	std.outTerminal, std.width = terminal(s.out, std.width)
	name, _ := lookup("TERM")
	std.dumb = name == "dumb"
	std.forced = colorOf(lookup)
	std.setColor(colorAuto)
	return std
}

// colorMode is a value of --color.
type colorMode string

// The values of --color.
const (
	colorAuto   colorMode = "auto"
	colorAlways colorMode = "always"
	colorNever  colorMode = "never"
)

// colorOf reads what the environment asks for: https://no-color.org and
// https://bixense.com/clicolors. NO_COLOR beats the others.
func colorOf(lookup func(string) (string, bool)) colorMode {
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
		return colorNever
	case on("FORCE_COLOR"), on("CLICOLOR_FORCE"):
		return colorAlways
	case off == "0":
		return colorNever
	}
	return ""
}

// setColor decides whether there are colors: by --color, else by the environment,
// else by whether a person is looking.
func (s *streams) setColor(mode colorMode) {
	if mode == colorAuto && s.forced != "" {
		mode = s.forced
	}
	s.color = mode == colorAlways || mode == colorAuto && s.outTerminal && !s.dumb
}

// page says how tables are written to out.
func (s *streams) page() format.Options {
	o := format.Options{Color: s.color}
	if s.outTerminal {
		o.Width = s.width
	}
	return o
}

// proseWidth is how wide text for people is: as the terminal, or 80 columns where
// there is none.
func (s *streams) proseWidth() int {
	if s.outTerminal {
		return s.width
	}
	return defaultWidth
}

// endWith has a read of in and a write to out end with ctx.
func (s *streams) endWith(ctx context.Context) {
	s.in, s.out = interruptible.Reader(ctx, s.in), interruptible.Writer(ctx, s.out)
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

// note tells something beside the result, unless --quiet.
func (s *streams) note(text string, args ...any) {
	if !s.quiet {
		s.warn(text, args...)
	}
}

// warn tells something that must not be overlooked. Names that came from a CMS
// must be sanitised by the caller.
func (s *streams) warn(text string, args ...any) {
	// There is nowhere to tell that stderr is gone.
	_, _ = fmt.Fprintf(s.err, "tokenaudit: "+text+"\n", args...)
}
