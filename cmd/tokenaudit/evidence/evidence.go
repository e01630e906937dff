// Package evidence reads what verdicts rest on in addition to the inventory: usage files and
// earlier inventories.
package evidence

import (
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
}

// Read reads the usage files of the configuration and earlier inventories. What they tell
// of lies before now.
func Read(ctx context.Context, saved documents.Opener, cfg *config.Config, previous []string, now time.Time) (*Evidence, error) {
	e := &Evidence{}
	var used, earlier []report.Evidence
	var err error
	if e.usage, used, err = readUsage(ctx, cfg, now); err != nil {
		return nil, err
	}
	if e.past, earlier, err = readPrevious(ctx, saved, previous); err != nil {
		return nil, err
	}
	e.Files = slices.Concat(used, earlier)
	return e, nil
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

// evidenceOf reads a file of evidence, and says which it was: a report names
// what its verdicts rest on.
func evidenceOf(kind report.EvidenceKind, name string, in io.Reader, read func(io.Reader) error) (report.Evidence, error) {
	sum := sha256.New()
	err := read(io.TeeReader(in, sum))
	return report.Evidence{Kind: kind, File: filepath.Base(name), SHA256: hex.EncodeToString(sum.Sum(nil))}, err
}

// readPrevious reads earlier inventories. One that cannot be read is an error: a
// verdict that should rest on it would silently be another.
func readPrevious(ctx context.Context, saved documents.Opener, paths []string) (*history.History, []report.Evidence, error) {
	past := &history.History{}
	files := make([]report.Evidence, len(paths))
	for i, path := range paths {
		name := path
		if path == output.Stdout {
			name = "standard input"
		}
		var err error
		files[i], err = documents.ReadInput(ctx, saved, path, "an inventory", func(in io.Reader) (report.Evidence, error) {
			return evidenceOf(report.EvidencePrevious, name, in, func(r io.Reader) error { return past.Add(ctx, r) })
		})
		if err != nil {
			return nil, nil, fmt.Errorf("--previous: %w", err)
		}
	}
	return past, files, nil
}

// readUsage reads the usage files of the configuration. What they tell of lies
// before now.
func readUsage(ctx context.Context, cfg *config.Config, now time.Time) (*usage.Evidence, []report.Evidence, error) {
	evidence := &usage.Evidence{Now: now}
	files := make([]report.Evidence, len(cfg.Usage))
	for i, u := range cfg.Usage {
		path := places.Resolve(cfg.Dir, u.File)
		f, err := interruptible.Open(ctx, path)
		if err == nil {
			files[i], err = evidenceOf(report.EvidenceUsage, path, f, func(r io.Reader) error { return evidence.Add(r, path) })
			err = errors.Join(err, f.Close())
		}
		if err != nil && ctx.Err() != nil {
			return nil, nil, ctx.Err()
		}
		if err != nil {
			return nil, nil, &config.Error{File: u.Origin.File, Line: u.Origin.Line, Key: "usage", Message: safetext.OneLine(err.Error())}
		}
	}
	return evidence, files, nil
}
