// Package evidence reads what verdicts rest on in addition to the inventory: usage files and
// earlier inventories.
package evidence

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"time"

	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/config"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/documents"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/places"
	"github.com/tokenaudit/tokenaudit/collectors/history"
	"github.com/tokenaudit/tokenaudit/collectors/interruptible"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/collectors/usage"
	"github.com/tokenaudit/tokenaudit/report"
	"github.com/tokenaudit/tokenaudit/report/output"
	"github.com/tokenaudit/tokenaudit/report/safetext"
)

// Evidence is what is known of tokens from outside of their CMSes.
type Evidence struct {
	// Files are those that it was read from.
	Files []report.Evidence
	usage *usage.Evidence
	past  *history.History
	// Contents are what the files hold, usage files first; nil unless they are kept.
	Contents []Content
}

// Content is a file of evidence in memory.
type Content struct {
	Kind report.EvidenceKind
	// Name is that of the file without folders.
	Name string
	Data []byte
}

// Read reads the usage files of the configuration and earlier inventories. What they tell
// of lies before now. With keep, Contents are what was read.
func Read(ctx context.Context, saved documents.Opener, cfg *config.Config, previous []string, now time.Time, keep bool) (*Evidence, error) {
	e := &Evidence{usage: &usage.Evidence{Now: now}, past: &history.History{}}
	if err := e.readUsage(ctx, cfg, keep); err != nil {
		return nil, err
	}
	if err := e.readPrevious(ctx, saved, previous, keep); err != nil {
		return nil, err
	}
	return e, nil
}

// Of is Read from memory.
func Of(ctx context.Context, contents []Content, now time.Time) (*Evidence, error) {
	e := &Evidence{usage: &usage.Evidence{Now: now}, past: &history.History{}}
	for _, c := range contents {
		read := func(r io.Reader) error { return e.usage.Add(r, c.Name) }
		if c.Kind == report.EvidencePrevious {
			read = func(r io.Reader) error { return e.past.Add(ctx, r) }
		}
		if err := e.read(c.Kind, c.Name, bytes.NewReader(c.Data), false, read); err != nil {
			return nil, err
		}
	}
	return e, nil
}

// Recall adds what the runs in a store knew, in place of earlier inventories.
func (e *Evidence) Recall(past []history.Reading) {
	e.past = &history.History{}
	for _, one := range past {
		e.past.See(one)
	}
}

// Apply returns a source with what is known of its tokens, and how many of these are in
// the usage files. The tokens of the argument stay as they are.
func (e *Evidence) Apply(s inventory.Source) (_ inventory.Source, proven int) {
	s = e.past.Apply(s)
	if e.usage.Len() > 0 {
		// The tokens may be written to an inventory as the CMS told them.
		s.Tokens = slices.Clone(s.Tokens)
		proven = e.usage.Apply(&s)
	}
	return s, proven
}

// Used is how many tokens are in the usage files.
func (e *Evidence) Used() int { return e.usage.Len() }

// read reads a file of evidence, and notes which it was: a report names what its verdicts
// rest on.
func (e *Evidence) read(kind report.EvidenceKind, name string, in io.Reader, keep bool, read func(io.Reader) error) error {
	sum := sha256.New()
	var kept bytes.Buffer
	to := io.Writer(sum)
	if keep {
		to = io.MultiWriter(sum, &kept)
	}
	if err := read(io.TeeReader(in, to)); err != nil {
		return err
	}
	name = filepath.Base(name)
	e.Files = append(e.Files, report.Evidence{Kind: kind, File: name, SHA256: hex.EncodeToString(sum.Sum(nil))})
	if keep {
		e.Contents = append(e.Contents, Content{kind, name, kept.Bytes()})
	}
	return nil
}

// readPrevious reads earlier inventories. One that cannot be read is an error: a
// verdict that should rest on it would silently be another.
func (e *Evidence) readPrevious(ctx context.Context, saved documents.Opener, paths []string, keep bool) error {
	for _, path := range paths {
		name := path
		if path == output.Stdout {
			name = "standard input"
		}
		_, err := documents.ReadInput(ctx, saved, path, "an inventory", func(in io.Reader) (struct{}, error) {
			return struct{}{}, e.read(report.EvidencePrevious, name, in, keep, func(r io.Reader) error { return e.past.Add(ctx, r) })
		})
		if err != nil {
			return fmt.Errorf("--previous: %w", err)
		}
	}
	return nil
}

// readUsage reads the usage files of the configuration.
func (e *Evidence) readUsage(ctx context.Context, cfg *config.Config, keep bool) error {
	for _, u := range cfg.Usage {
		path := places.Resolve(cfg.Dir, u.File)
		f, err := interruptible.Open(ctx, path)
		if err == nil {
			err = e.read(report.EvidenceUsage, path, f, keep, func(r io.Reader) error { return e.usage.Add(r, path) })
			err = errors.Join(err, f.Close())
		}
		if err != nil && ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			return &config.Error{File: u.Origin.File, Line: u.Origin.Line, Key: "usage", Message: safetext.OneLine(err.Error())}
		}
	}
	return nil
}
