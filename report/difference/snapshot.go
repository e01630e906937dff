package difference

import (
	"bufio"
	"context"
	"errors"
	"io"
	"time"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/collectors/inventory/codec"
	"github.com/tokenaudit/tokenaudit/policies/input"
	"github.com/tokenaudit/tokenaudit/report"
)

// Snapshot is what an inventory or a report knew of the tokens at one time.
type Snapshot struct {
	// At is the audit time of a report, and the latest collection of an inventory.
	At time.Time
	// Report is nil for an inventory.
	Report *report.Report
	// restricted: it is of a run over a part of the sources.
	restricted bool

	sources map[string]*report.Source
	tokens  map[string]snapshotToken
}

// snapshotToken is a token; status is empty in an inventory.
type snapshotToken struct {
	inventory.Token
	status input.TokenStatus
}

// ReadSnapshot reads a JSON report or an inventory, whichever it is.
func ReadSnapshot(ctx context.Context, r io.Reader) (*Snapshot, error) {
	buffered := bufio.NewReaderSize(r, 4096)
	// The schema is among the first members of both documents.
	begin, err := buffered.Peek(4096)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if report.IsInventory(begin) {
		inv, err := codec.ReadAll(ctx, buffered, codec.Limits{})
		if err != nil {
			return nil, err
		}
		return snapshotOfInventory(inv), nil
	}
	saved, err := report.Read(buffered)
	if err != nil {
		return nil, err
	}
	return SnapshotOf(saved)
}

// snapshotOfInventory makes a snapshot of an inventory.
func snapshotOfInventory(inv inventory.Inventory) *Snapshot {
	s := &Snapshot{sources: make(map[string]*report.Source, len(inv.Sources)), tokens: map[string]snapshotToken{}, restricted: inv.Shard != nil || len(inv.Only) > 0 || len(inv.OnlyLabels) > 0}
	for i := range inv.Sources {
		source := report.WithoutTokens(inv.Sources[i])
		s.sources[source.ID] = &source
		if source.CollectedAt.After(s.At) {
			s.At = source.CollectedAt
		}
		for _, token := range inv.Sources[i].Tokens {
			s.tokens[token.ID] = snapshotToken{Token: token}
		}
	}
	return s
}

// ErrNoTokens says that a report was made without its inventory.
var ErrNoTokens = errors.New("the report was made with --no-inventory, so it has no tokens to show")

// SnapshotOf makes a snapshot of a report. The error is [ErrNoTokens] for
// one that was made without its inventory.
func SnapshotOf(r *report.Report) (*Snapshot, error) {
	if r.Tokens == nil {
		return nil, ErrNoTokens
	}
	s := &Snapshot{At: r.At, Report: r, sources: make(map[string]*report.Source, len(r.Sources)), tokens: make(map[string]snapshotToken, len(r.Tokens))}
	s.restricted = r.Scope.PartOfSources()
	for i := range r.Sources {
		s.sources[r.Sources[i].ID] = &r.Sources[i]
	}
	for i := range r.Tokens {
		s.tokens[r.Tokens[i].ID] = snapshotToken{r.Tokens[i].Token, r.Tokens[i].Status}
	}
	return s, nil
}

// couldSee reports whether the snapshot would have the token, had it been there:
// its source was read, or all sources of the CMS were found and it is not
// among them.
func (s *Snapshot) couldSee(t inventory.Token) bool {
	if source, ok := s.sources[t.Source]; ok {
		return !report.UnreadKind(source, t.Kind)
	}
	return s.couldFind(t.CMS)
}

// couldFind reports whether the snapshot has every source of a CMS that was
// there: it was not restricted to some, and all could be found.
func (s *Snapshot) couldFind(cms string) bool {
	if s.restricted {
		return false
	}
	for _, source := range s.sources {
		if source.CMS == cms && report.LacksSources(source) {
			return false
		}
	}
	return true
}
