// Package bundle packs what a report rests on, and the report, into one file that can be
// kept, signed, and judged again.
//
// A bundle is an uncompressed tar archive (ustar) of regular files with fixed names, of
// which manifest.json lists all others with their digests. The same files make the same
// bytes, and no other bytes are a bundle of them: what is read is written again and
// compared, so that nothing can be hidden between the files or behind them.
package bundle

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// The files of which there is one.
const (
	Configuration = "configuration.json"
	Envelope      = "envelope.json"
	// History is what a store knew before the run.
	History  = "history.json"
	Manifest = "manifest.json"
	Report   = "report.json"
	RuleData = "rules/data.json"
)

// The folders of which the files are numbered.
const (
	Inventories = "inventory"
	Previous    = "previous"
	Rules       = "rules"
	Usage       = "usage"
)

const (
	// maxFiles bounds the files, manifest and envelope included.
	maxFiles = 4096
	// MaxFile bounds one file, in bytes: an inventory of some 400,000 tokens.
	MaxFile = 1 << 30
	// maxBundle bounds a bundle, in bytes.
	maxBundle = 2 << 30
	// maxOrigin bounds the name of a file that was packed, in bytes.
	maxOrigin = 4096
)

// File is one file of a bundle.
type File struct {
	// Name is that in the bundle: see the constants, and [Number].
	Name string
	// Origin is the name of the file that it was read from, where a report may name it: of
	// evidence without folders, of a rule as it was found. Empty for others.
	Origin string
	Data   []byte
}

// Bundle is what is packed together.
type Bundle struct {
	// At is the audit time, UTC.
	At time.Time
	// Only are the ids of the rules that judged; empty for all.
	Only []string
	// Labels restrict the sources that were judged, each key=value; empty for all.
	Labels []string
	// Files are all but the manifest and the envelope, sorted by name.
	Files []File
	// Envelope is the signed statement about the manifest; nil for an unsigned bundle.
	Envelope []byte
}

var (
	numbered = regexp.MustCompile(`^(?:inventory/[0-9]{4}\.json|previous/[0-9]{4}\.json|rules/[0-9]{4}\.rego|usage/[0-9]{4}\.(?:csv|json))$`)
	single   = []string{Configuration, History, Report, RuleData}
)

// Number returns the name of a file in a folder, such as inventory/0001.json. Files are
// counted from 0.
func Number(folder string, i int, extension string) string {
	return fmt.Sprintf("%s/%04d%s", folder, i+1, extension)
}

// Get returns the content of a file; nil where there is none of that name.
func (b *Bundle) Get(name string) []byte {
	for _, f := range b.Files {
		if f.Name == name {
			return f.Data
		}
	}
	return nil
}

// In returns the numbered files of a folder, in their order.
func (b *Bundle) In(folder string) []File {
	var files []File
	for _, f := range b.Files {
		if strings.HasPrefix(f.Name, folder+"/") && f.Name != RuleData {
			files = append(files, f)
		}
	}
	return files
}

// check refuses what no bundle holds. It sorts the files.
func (b *Bundle) check() error {
	slices.SortFunc(b.Files, func(x, y File) int { return strings.Compare(x.Name, y.Name) })
	if len(b.Files) > maxFiles-2 {
		return fmt.Errorf("a bundle has at most %d files", maxFiles)
	}
	total := len(b.Envelope)
	for i, f := range b.Files {
		total += len(f.Data)
		switch {
		case !slices.Contains(single, f.Name) && !numbered.MatchString(f.Name):
			return fmt.Errorf("a file of a bundle cannot be called %q", f.Name)
		case i > 0 && b.Files[i-1].Name == f.Name:
			return fmt.Errorf("%s is duplicated", f.Name)
		case len(f.Data) > MaxFile:
			return fmt.Errorf("%s is larger than %d MiB", f.Name, MaxFile>>20)
		case total > maxBundle:
			return fmt.Errorf("the bundle is larger than %d MiB", maxBundle>>20)
		case len(f.Origin) > maxOrigin || !utf8.ValidString(f.Origin):
			return fmt.Errorf("the origin of %s is not text of at most %d bytes", f.Name, maxOrigin)
		}
	}
	for _, name := range []string{Configuration, Report} {
		if b.Get(name) == nil {
			return fmt.Errorf("%s is missing", name)
		}
	}
	if len(b.In(Inventories)) == 0 {
		return errors.New("an inventory is missing")
	}
	if b.Get(RuleData) != nil && len(b.In(Rules)) == 0 {
		return fmt.Errorf("%s is there without rules", RuleData)
	}
	for _, folder := range []string{Inventories, Previous, Rules, Usage} {
		for i, f := range b.In(folder) {
			if want := Number(folder, i, ""); !strings.HasPrefix(f.Name, want+".") {
				return fmt.Errorf("%s is missing: the files of a folder are numbered from 1", want)
			}
		}
	}
	return nil
}
