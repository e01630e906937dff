// Package search looks for the live secrets of a run in files, folders, the history of
// git repositories, and streams.
//
// It knows no patterns: a word that is as long as a secret and of the same kinds of
// characters is hashed and looked up, so that what is found is the secret itself. Its
// memory does not grow with what is searched.
package search

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"

	"github.com/tokenaudit/tokenaudit/collectors/exposure"
)

const (
	// maxHits and maxProblems bound what is kept.
	maxHits     = 10_000
	maxProblems = 100
)

// Hit is one place of a live secret. It has no field for the secret.
type Hit struct {
	// Token is the id of the token whose secret it is.
	Token string `json:"token"`
	// File is the path as it was given, or as the repository has it; empty for the message
	// of a commit or of a tag.
	File string `json:"file,omitempty"`
	// Line counts from 1.
	Line int `json:"line"`
	// Commit is the id of the commit that added the line, or of the tag; empty outside a
	// history.
	Commit string `json:"commit,omitempty"`
}

func (h Hit) compare(other Hit) int {
	return cmp.Or(cmp.Compare(h.Token, other.Token), cmp.Compare(h.File, other.File), cmp.Compare(h.Commit, other.Commit), cmp.Compare(h.Line, other.Line))
}

// Search is one search. It is not safe for concurrent use.
type Search struct {
	secrets *exposure.Secrets
	groups  []group
	// longest is the length of the longest secret, shortest that of the shortest.
	longest, shortest int
	any               [256]bool
	// spare is the one buffer: one text is searched at a time.
	spare []byte

	hits map[Hit]bool
	// Unkept counts the places that were found beyond the bound of those that are kept.
	Unkept int
	// Files and Bytes count what was searched; of a history its bytes alone.
	Files int
	Bytes int64
	// problems are what could not be searched.
	problems []string
	more     int
}

// group are the secrets that have characters of the same kinds.
type group struct {
	member  [256]bool
	lengths []int
}

// New prepares a search for secrets, all of which are known by now.
func New(secrets *exposure.Secrets) *Search {
	s := &Search{secrets: secrets, hits: map[Hit]bool{}}
	var last exposure.Class
	for _, shape := range secrets.Shapes() {
		if len(s.groups) == 0 || shape.Class != last {
			g := group{}
			for c := range 256 {
				class := exposure.ClassOf(byte(c))
				g.member[c] = class != 0 && class&^shape.Class == 0
				s.any[c] = s.any[c] || g.member[c]
			}
			s.groups, last = append(s.groups, g), shape.Class
		}
		g := &s.groups[len(s.groups)-1]
		g.lengths = append(g.lengths, shape.Length)
		s.longest = max(s.longest, shape.Length)
		if s.shortest == 0 || shape.Length < s.shortest {
			s.shortest = shape.Length
		}
	}
	return s
}

// Hits are the places that were found, sorted, each once.
func (s *Search) Hits() []Hit {
	hits := make([]Hit, 0, len(s.hits))
	for h := range s.hits {
		hits = append(hits, h)
	}
	slices.SortFunc(hits, Hit.compare)
	return hits
}

// Problems are what could not be searched, in words for a user.
func (s *Search) Problems() []string {
	if s.more > 0 {
		return append(slices.Clone(s.problems), fmt.Sprintf("and %d more", s.more))
	}
	return s.problems
}

func (s *Search) problem(format string, args ...any) {
	if len(s.problems) == maxProblems {
		s.more++
		return
	}
	s.problems = append(s.problems, fmt.Sprintf(format, args...))
}

func (s *Search) found(h Hit) {
	switch {
	case s.hits[h]:
	case len(s.hits) == maxHits:
		s.Unkept++
	default:
		s.hits[h] = true
	}
}

// Reader searches a stream to its end; file is its name.
func (s *Search) Reader(ctx context.Context, r io.Reader, file string) error {
	t := s.text(Hit{File: file, Line: 1})
	chunk := make([]byte, 32<<10)
	defer clear(chunk)
	for {
		n, err := r.Read(chunk)
		s.Bytes += int64(n)
		t.write(chunk[:n])
		switch {
		case err == io.EOF:
			t.end()
			return nil
		case err != nil:
			t.end()
			return err
		case ctx.Err() != nil:
			return ctx.Err()
		}
	}
}
