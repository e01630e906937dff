package codec

import (
	"context"
	"fmt"
	"io"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/sourcegraph/conc"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// ahead is how many tokens may be decoded before fn has taken their source.
// The source that is being read may exceed it.
const ahead = 4096

// stream is one reading of a document. A goroutine cuts it into tasks, workers
// decode them, and the caller's goroutine puts the sources together in order.
type stream struct {
	scan    *scanner
	schemas schemas
	limits  Limits
	work    chan task
	sources chan *pending
	flight  flight

	// root, document and err are written before sources is closed.
	root     *members
	document Head
	err      error
}

// Head is what a document says besides its sources: see Inventory.
type Head struct {
	Tool       inventory.Tool   `json:"tool"`
	Shard      *inventory.Shard `json:"shard"`
	Only       []string         `json:"only"`
	OnlyLabels []string         `json:"only_labels"`
	// SourcesDigest is empty where the document does not say.
	SourcesDigest string `json:"sources_digest"`
	// CollectedUntil is zero where the document does not say.
	CollectedUntil time.Time `json:"collected_until"`
}

// pending is a source whose tasks have been handed out.
type pending struct {
	head    *head
	batches []*batch
	// err is why the source was cut off; its head is not decoded then.
	err error
}

func read(ctx context.Context, r io.Reader, l Limits, fn func(inventory.Source) error) (Head, error) {
	compiled, err := compiled()
	if err != nil {
		return Head{}, err
	}
	l = l.orDefault()
	s := &stream{
		scan: newScanner(r, l), schemas: compiled, limits: l,
		work: make(chan task), sources: make(chan *pending, 64),
	}
	s.flight.init()
	ctx, cancel := context.WithCancel(ctx)
	var workers conc.WaitGroup
	defer workers.Wait()
	defer s.flight.close()
	defer cancel()
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for t := range s.work {
				t.run()
			}
		})
	}
	workers.Go(func() {
		defer close(s.sources)
		defer close(s.work)
		s.err = s.cut(ctx)
	})
	latest, err := s.join(ctx, fn)
	if err != nil {
		return Head{}, err
	}
	if s.err != nil {
		return Head{}, s.err
	}
	if until := s.document.CollectedUntil; !until.IsZero() && !until.Equal(latest) {
		return Head{}, s.root.fault(problem{"collected_until", fmt.Sprintf(
			"is not the latest collected_at of the sources, %s: correct it, or leave it out", latest.UTC().Format(time.RFC3339Nano))})
	}
	return s.document, nil
}

// cut walks the document and hands out its pieces.
func (s *stream) cut(ctx context.Context) error {
	if err := s.scan.begin(ctx); err != nil {
		return err
	}
	root := newMembers(fragment{line: 1})
	s.root = root
	for first := true; ; first = false {
		more, err := s.scan.more(ctx, first, '}', "")
		if err != nil {
			return err
		}
		if !more {
			break
		}
		if err := s.rootMember(ctx, root); err != nil {
			return err
		}
	}
	if c, err := s.scan.next(ctx); err != nil {
		return err
	} else if c != 0 {
		return s.scan.fail("", "unexpected text after the document: %q", c)
	}
	if _, ok := root.values["schema"]; !ok {
		return root.fault(problem{message: "the document is not an inventory: expected the schema " + inventory.Schema})
	}
	if fault := root.decode(s.schemas.document, s.limits, &s.document); fault != nil {
		return fault
	}
	return nil
}

func (s *stream) rootMember(ctx context.Context, root *members) error {
	name, f, err := s.member(ctx, "", "sources")
	if err != nil {
		return err
	}
	if err := root.add(name, f); err != nil {
		return err
	}
	switch {
	case name == "schema":
		return checkVersion(f)
	case name == "sources" && f.isArray():
		return s.elements(ctx, name, func(i int) error {
			if i >= s.limits.Sources {
				return s.scan.fail(name, "there are more than %d sources", s.limits.Sources)
			}
			return s.source(ctx, i)
		})
	}
	return nil
}

// member reads a key and its value. Of the array called streamed it reads only
// the bracket and returns an empty array in its place.
func (s *stream) member(ctx context.Context, pointer, streamed string) (string, fragment, error) {
	name, err := s.scan.key(ctx, pointer)
	if err != nil {
		return "", fragment{}, err
	}
	pointer = joinPointer(pointer, name)
	if c, err := s.scan.next(ctx); err != nil {
		return "", fragment{}, err
	} else if c == '[' && name == streamed {
		f := fragment{raw: []byte("[]"), pointer: pointer, offset: s.scan.offset, line: s.scan.line}
		return name, f, s.scan.take(ctx, '[', pointer)
	}
	f, err := s.scan.value(ctx, pointer)
	return name, f, err
}

// elements calls each for every element of an array whose bracket was read.
func (s *stream) elements(ctx context.Context, pointer string, each func(i int) error) error {
	for i := 0; ; i++ {
		more, err := s.scan.more(ctx, i == 0, ']', pointer)
		if err != nil || !more {
			return err
		}
		if err := each(i); err != nil {
			return err
		}
	}
}

var versionPattern = regexp.MustCompile(`^"tokenaudit/([a-z]+)/v([0-9]+)"$`)

// checkVersion tells a document of another kind or version from one that is none.
func checkVersion(f fragment) error {
	match := versionPattern.FindSubmatch(f.raw)
	if match == nil || string(f.raw) == strconv.Quote(inventory.Schema) {
		return nil // the schema check names what is wrong
	}
	if kind := string(match[1]); kind != "inventory" {
		return f.fault(problem{message: fmt.Sprintf("the document is a %s, not an inventory", kind)})
	}
	return f.fault(problem{message: fmt.Sprintf(
		"the document has version %s of the inventory schema, but this program reads %s: use the tokenaudit that wrote it, or a later one",
		match[2], strings.TrimPrefix(inventory.Schema, "tokenaudit/inventory/"))})
}

// source cuts one source and hands it on, cut off or not.
func (s *stream) source(ctx context.Context, index int) error {
	if err := s.flight.wait(ctx); err != nil {
		return err
	}
	p := &pending{}
	p.err = s.cutSource(ctx, index, p)
	select {
	case s.sources <- p:
		return p.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s *stream) cutSource(ctx context.Context, index int, p *pending) error {
	pointer := joinPointer("sources", strconv.Itoa(index))
	if _, err := s.scan.next(ctx); err != nil {
		return err
	}
	object := newMembers(fragment{pointer: pointer, offset: s.scan.offset, line: s.scan.line})
	if err := s.scan.take(ctx, '{', pointer); err != nil {
		return err
	}
	for first := true; ; first = false {
		more, err := s.scan.more(ctx, first, '}', pointer)
		if err != nil {
			return err
		}
		if !more {
			p.head = &head{members: object, schema: s.schemas.source, limits: s.limits, done: make(chan struct{})}
			return s.hand(ctx, p.head)
		}
		name, f, err := s.member(ctx, pointer, "tokens")
		if err != nil {
			return err
		}
		if err := object.add(name, f); err != nil {
			return err
		}
		if name == "tokens" && f.isArray() {
			if err := s.tokens(ctx, f.pointer, p); err != nil {
				return err
			}
		}
	}
}

func (s *stream) tokens(ctx context.Context, pointer string, p *pending) error {
	var open *batch
	flush := func() error {
		if open == nil {
			return nil
		}
		full := open
		open = nil
		p.batches = append(p.batches, full)
		s.flight.add(len(full.fragments))
		return s.hand(ctx, full)
	}
	err := s.elements(ctx, pointer, func(i int) error {
		if i >= s.limits.TokensPerSource {
			return s.scan.fail(pointer, "the source has more than %d tokens", s.limits.TokensPerSource)
		}
		f, err := s.scan.value(ctx, joinPointer(pointer, strconv.Itoa(i)))
		if err != nil {
			return err
		}
		if open == nil {
			open = &batch{schema: s.schemas.token, limits: s.limits, done: make(chan struct{})}
		}
		open.fragments = append(open.fragments, f)
		if len(open.fragments) < batchSize {
			return nil
		}
		return flush()
	})
	// What was read before an error may hold an earlier one.
	if err := flush(); err != nil {
		return err
	}
	return err
}

// hand returns a task to the workers.
func (s *stream) hand(ctx context.Context, t task) error {
	select {
	case s.work <- t:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
