package console

import (
	"fmt"
	"strings"
	"time"

	"github.com/sourcegraph/conc"

	"github.com/tokenaudit/tokenaudit/collectors"
	"github.com/tokenaudit/tokenaudit/report/safetext"
)

// progressEvery is how often the progress is drawn again.
const progressEvery = 250 * time.Millisecond

// Progress draws one line per CMS on a terminal, over and over.
type Progress struct {
	streams  *Streams
	progress *collectors.Progress
	began    time.Time
	lines    int
	quit     chan struct{}
	drawing  conc.WaitGroup
}

// ShowProgress draws until stop is called. It draws nothing where nobody is
// looking, and nothing between the lines of the request log, which verbose writes.
func (s *Streams) ShowProgress(p *collectors.Progress, verbose bool) *Progress {
	d := &Progress{streams: s, progress: p, began: time.Now(), quit: make(chan struct{})}
	if !s.errTerminal || s.dumb || s.Quiet || verbose {
		return d
	}
	d.drawing.Go(func() {
		ticks := time.NewTicker(progressEvery)
		defer ticks.Stop()
		for {
			select {
			case <-ticks.C:
				d.draw()
			case <-d.quit:
				d.erase()
				return
			}
		}
	})
	return d
}

// Stop ends the drawing and leaves no trace of it.
func (d *Progress) Stop() {
	close(d.quit)
	d.drawing.Wait()
}

func (d *Progress) draw() {
	lines := progressLines(d.progress.Snapshot(), time.Since(d.began), d.streams.Width)
	var b strings.Builder
	b.WriteString(d.back())
	for _, line := range lines {
		b.WriteString(line + "\x1b[K\n")
	}
	d.lines = len(lines)
	_, _ = d.streams.Err.Write([]byte(b.String()))
}

func (d *Progress) erase() {
	_, _ = d.streams.Err.Write([]byte(d.back()))
}

// back moves the cursor to the first line drawn and clears what follows.
func (d *Progress) back() string {
	if d.lines == 0 {
		return ""
	}
	return fmt.Sprintf("\x1b[%dA\x1b[J", d.lines)
}

// progressLines says how far each CMS is, cut to the width of the terminal.
func progressLines(all []collectors.CMSProgress, passed time.Duration, width int) []string {
	lines := make([]string, 0, len(all))
	for _, c := range all {
		line := fmt.Sprintf("%-12s %s, %s, %s", c.CMS, sourcesDone(c), safetext.Plural(c.Tokens, "token", "tokens"), safetext.Plural(c.Requests, "request", "requests"))
		if c.Incomplete > 0 {
			line += fmt.Sprintf(", %d incomplete", c.Incomplete)
		}
		if c.Paused > 0 {
			line += fmt.Sprintf(", rate limited for %s", c.Paused.Round(time.Second))
		}
		if left := estimate(c, passed); left != "" {
			line += ", " + left
		}
		lines = append(lines, cut(line, width-1))
	}
	return lines
}

func sourcesDone(c collectors.CMSProgress) string {
	switch {
	case c.Discovered < c.Entries && c.Sources == 0:
		return "looking for sources"
	case c.Discovered < c.Entries:
		return fmt.Sprintf("%s of at least %d", safetext.Plural(c.Done, "source", "sources"), c.Sources)
	}
	return fmt.Sprintf("%d of %s", c.Done, safetext.Plural(c.Sources, "source", "sources"))
}

// fewSources is below how many sources done no estimate would be honest.
const fewSources = 5

// estimate says how long the rest will take if it goes on as it went; empty
// while the number of sources is not known or hardly any is done.
func estimate(c collectors.CMSProgress, passed time.Duration) string {
	left := c.Sources - c.Done
	switch {
	case c.Discovered < c.Entries || c.Done < fewSources:
		return ""
	case left == 0:
		return "done"
	}
	rest := time.Duration(float64(passed) / float64(c.Done) * float64(left))
	return "about " + max(rest.Round(time.Second), time.Second).String() + " left"
}

func cut(s string, width int) string {
	if width > 0 && len(s) > width {
		return s[:width]
	}
	return s
}
