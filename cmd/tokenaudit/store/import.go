package store

import (
	"context"
	"fmt"
	"io"

	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/store/observation"
)

// Import adds the runs of an export. All of them are added, or none.
func (s *Store) Import(ctx context.Context, in io.Reader) (Outcome, error) {
	var out Outcome
	err := s.writing(ctx, func(t *tx) error {
		r := observation.NewReader(ctx, in)
		var err error
		out, err = s.insertAll(ctx, t, r.Next)
		if err != nil {
			return fmt.Errorf("line %d: %w", r.Line, err)
		}
		return nil
	})
	if err != nil {
		return out, fmt.Errorf("import into the store: %w", err)
	}
	return out, nil
}
