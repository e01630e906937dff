// Command tokenaudit audits the API tokens of content management systems by
// policies written as code.
//
// It only reads: nothing but GET and HEAD leaves the program, and no secret that
// a CMS hands out gets past the decoder.
//
// # Exit codes
//
//	0  nothing at or above --fail-on, and everything was measured
//	1  findings at or above --fail-on
//	2  usage, configuration, rule-loading or internal error: no verdict
//	3  no finding at or above --fail-on, but the measurement is incomplete
package main

import (
	"context"
	"io"
	"log"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	// net/http writes to this log what comes after an answer, with the text, and has
	// no other place for it. The program itself does not use it.
	log.SetOutput(io.Discard)
	signalled, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	ctx, end := context.WithCancel(context.Background())
	// The first signal ends the requests, and what was seen is still written.
	// A second one meets the default again, from before the first is told: it
	// ends the process at once.
	context.AfterFunc(signalled, func() { stop(); end() })
	os.Exit(run(ctx, ioStreams{
		environ: os.Environ(), in: os.Stdin, out: os.Stdout, err: os.Stderr,
	}, os.Args[1:]))
}
