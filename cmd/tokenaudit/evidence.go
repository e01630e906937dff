package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/config"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/documents"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/places"
	"github.com/tokenaudit/tokenaudit/collectors/history"
	"github.com/tokenaudit/tokenaudit/collectors/interruptible"
	"github.com/tokenaudit/tokenaudit/collectors/usage"
	"github.com/tokenaudit/tokenaudit/report"
	"github.com/tokenaudit/tokenaudit/report/output"
	"github.com/tokenaudit/tokenaudit/report/safetext"
)

// evidenceOf reads a file of evidence, and says which it was: a report names
// what its verdicts rest on.
func evidenceOf(kind report.EvidenceKind, name string, in io.Reader, read func(io.Reader) error) (report.Evidence, error) {
	sum := sha256.New()
	err := read(io.TeeReader(in, sum))
	return report.Evidence{Kind: kind, File: filepath.Base(name), SHA256: hex.EncodeToString(sum.Sum(nil))}, err
}

// readPrevious reads earlier inventories. One that cannot be read is an error: a
// verdict that should rest on it would silently be another.
func (a *app) readPrevious(ctx context.Context, paths []string) (*history.History, []report.Evidence, error) {
	past := &history.History{}
	files := make([]report.Evidence, len(paths))
	for i, path := range paths {
		name := path
		if path == output.Stdout {
			name = "standard input"
		}
		var err error
		files[i], err = documents.ReadInput(ctx, a.saved(), path, "an inventory", func(in io.Reader) (report.Evidence, error) {
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
