package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"golang.org/x/term"

	"github.com/tokenaudit/tokenaudit/collectors/interruptible"
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
	// colour: ANSI colours are wanted on a terminal.
	colour bool
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
	// https://no-color.org: any value that is not empty switches colour off.
	off, _ := lookup("NO_COLOR")
	std.colour = off == "" && !std.dumb
	return std
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
func (s *streams) note(format string, args ...any) {
	if !s.quiet {
		s.warn(format, args...)
	}
}

// warn tells something that must not be overlooked. Names that came from a CMS
// must be sanitised by the caller.
func (s *streams) warn(format string, args ...any) {
	// There is nowhere to tell that stderr is gone.
	_, _ = fmt.Fprintf(s.err, "tokenaudit: "+format+"\n", args...)
}
