package codec

import (
	"context"
	"crypto/sha256"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// join puts the sources together in the order of the document and passes them to fn.
// It returns the latest time of their collection; zero for none.
func (s *stream) join(ctx context.Context, fn func(inventory.Source) error) (latest time.Time, err error) {
	seen := identities{tokens: map[digest]struct{}{}, sources: map[string]struct{}{}}
	for p := range s.sources {
		source, err := p.join(ctx)
		if err != nil {
			return latest, err
		}
		if fault := seen.add(p); fault != nil {
			return latest, fault
		}
		if source.CollectedAt.After(latest) {
			latest = source.CollectedAt
		}
		if err := fn(source); err != nil {
			return latest, err
		}
		s.flight.add(-len(source.Tokens))
	}
	return latest, nil
}

// join waits for the tasks of a source and returns it, or the first thing wrong with it.
func (p *pending) join(ctx context.Context) (inventory.Source, error) {
	var faults []*PlaceError
	for _, b := range p.batches {
		if err := await(ctx, b); err != nil {
			return inventory.Source{}, err
		}
		if b.fault != nil {
			faults = append(faults, b.fault)
		}
	}
	if p.head != nil {
		if err := await(ctx, p.head); err != nil {
			return inventory.Source{}, err
		}
		if p.head.fault != nil {
			faults = append(faults, p.head.fault)
		}
	}
	if len(faults) > 0 {
		return inventory.Source{}, earliest(faults)
	}
	if p.err != nil {
		return inventory.Source{}, p.err
	}
	return p.assemble(), nil
}

func (p *pending) assemble() inventory.Source {
	s := p.head.source
	n := len(s.Tokens)
	for _, b := range p.batches {
		n += len(b.tokens)
	}
	s.Tokens = slices.Grow(s.Tokens, n)
	for _, b := range p.batches {
		s.Tokens = append(s.Tokens, b.tokens...)
	}
	s.SortTokens()
	return s
}

func await(ctx context.Context, t task) error {
	select {
	case <-t.finished():
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// digest stands for an ID in the set of those seen: a document of a million
// tokens has IDs of a hundred megabytes.
type digest [16]byte

// identities are the IDs that a document has used up.
type identities struct {
	tokens  map[digest]struct{}
	sources map[string]struct{}
}

func (seen identities) add(p *pending) *PlaceError {
	source := p.head.source
	if _, repeated := seen.sources[source.ID]; repeated {
		return p.head.members.fault(problem{"id", fmt.Sprintf("the source %q occurs twice", source.ID)})
	}
	seen.sources[source.ID] = struct{}{}
	for _, b := range p.batches {
		for i := range b.tokens {
			t := &b.tokens[i]
			if t.Source != source.ID {
				return b.fragments[i].fault(problem{"source", "is not the id of the enclosing source"})
			}
			if unlisted := source.Unlisted(t.Kind); unlisted != "" {
				return b.fragments[i].fault(problem{"kind", unlisted})
			}
			sum := sha256.Sum256([]byte(t.Key()))
			id := digest(sum[:len(digest{})])
			if _, repeated := seen.tokens[id]; repeated {
				return b.fragments[i].fault(problem{"id", fmt.Sprintf("the token %q occurs twice", t.ID)})
			}
			seen.tokens[id] = struct{}{}
		}
	}
	return nil
}

// flight counts the tokens that are decoded and not yet taken.
type flight struct {
	mu     sync.Mutex
	cond   sync.Cond
	tokens int
	closed bool
}

func (f *flight) init() { f.cond.L = &f.mu }

// wait blocks while too many tokens are in flight.
func (f *flight) wait(ctx context.Context) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	for f.tokens > ahead && !f.closed {
		f.cond.Wait()
	}
	return ctx.Err()
}

func (f *flight) add(n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.tokens += n
	f.cond.Broadcast()
}

// close lets wait go for ever.
func (f *flight) close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed = true
	f.cond.Broadcast()
}
