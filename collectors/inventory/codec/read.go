// Package codec reads and writes inventory documents: as a stream, within limits,
// with the place of the first thing that is wrong.
//
// A document read as evidence must have one meaning only, so a key that occurs
// twice, broken UTF-8 and what the JSON Schema does not know are errors.
package codec

import (
	"bytes"
	"context"
	"io"
	"time"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// Read reads an inventory document as a stream and returns its sources, in the
// order of the document and in their normal form, to fn. It holds about one
// source at a time, whatever the size of the document.
//
// Everything is checked before fn sees it: the JSON Schema, what Source.Check
// checks, that no key and no ID occurs twice, that every token names the
// source that encloses it, and the limits (the zero Limits are the defaults).
// The first thing wrong ends the reading: a *PlaceError, the error of r, of fn,
// or ctx's. As the end of the document can be wrong after its beginning was
// right, a caller has to forget all sources when Read returns an error.
//
// fn runs on the caller's goroutine and may keep the source. Decoding runs
// ahead of it on others, all of which have ended when Read returns; a Read of r
// that blocks for ever blocks Read, whatever ctx says.
func Read(ctx context.Context, r io.Reader, l Limits, fn func(inventory.Source) error) error {
	_, err := read(ctx, r, l, fn)
	return err
}

// ReadWithHead is Read, and returns what the document says besides its sources.
func ReadWithHead(ctx context.Context, r io.Reader, l Limits, fn func(inventory.Source) error) (Head, error) {
	return read(ctx, r, l, fn)
}

// ReadAll reads a whole inventory into memory, with the checks of Read.
func ReadAll(ctx context.Context, r io.Reader, l Limits) (inventory.Inventory, error) {
	inv := inventory.Inventory{Schema: inventory.Schema, Sources: []inventory.Source{}}
	head, err := read(ctx, r, l, func(s inventory.Source) error {
		inv.Sources = append(inv.Sources, s)
		return nil
	})
	if err != nil {
		return inventory.Inventory{}, err
	}
	inv.Tool, inv.Shard, inv.Only, inv.OnlyLabels = head.Tool, head.Shard, head.Only, head.OnlyLabels
	inv.SourcesDigest, inv.CollectedUntil = head.SourcesDigest, head.CollectedUntil
	return inv, nil
}

// CollectedUntil returns the time until which a document says that it was collected,
// if it says that before its sources; zero if not. It reads about one block further
// than it has to. The only errors are those of a document that does not begin as one,
// such as that it is empty or compressed: whatever else is wrong, Read returns.
func CollectedUntil(ctx context.Context, r io.Reader) (time.Time, error) {
	s := newScanner(r, Limits{}.orDefault())
	if err := s.begin(ctx); err != nil {
		return time.Time{}, err
	}
	f, _ := s.memberBefore(ctx, "collected_until", "sources")
	at, _ := parseTime(bytes.Trim(f.raw, `"`))
	return at, nil
}

// memberBefore returns the member of a document that has begun which is called name,
// if it stands before the one called end, and false if not.
func (s *scanner) memberBefore(ctx context.Context, name, end string) (fragment, bool) {
	for first := true; ; first = false {
		if more, err := s.more(ctx, first, '}', ""); err != nil || !more {
			return fragment{}, false
		}
		key, err := s.key(ctx, "")
		if err != nil || key == end {
			return fragment{}, false
		}
		if f, err := s.value(ctx, key); err != nil || key == name {
			return f, err == nil
		}
	}
}
