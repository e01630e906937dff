package store

import (
	"context"
	"fmt"
	"io"

	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/store/observation"
)

// Export writes all that the store knows as JSON lines. Two stores to which the same runs
// were written export the same bytes. Shards of runs that are not all in are left out.
func (s *Store) Export(ctx context.Context, out io.Writer) error {
	err := s.reading(ctx, func(t *tx) error {
		w := observation.NewWriter(out)
		for _, n := range t.kept() {
			o, err := t.recall(n)
			if err != nil {
				return err
			}
			if err := w.Write(o); err != nil {
				return err
			}
		}
		return w.Flush()
	})
	if err != nil {
		return fmt.Errorf("export the store: %w", err)
	}
	return nil
}

// kept returns the numbers of the runs that the store still keeps.
func (t *tx) kept() []int {
	var all []int
	t.Each(func(scan func(...any)) error {
		var n int
		scan(&n)
		all = append(all, n)
		return nil
	}, `SELECT run FROM run WHERE kept = 1 ORDER BY run`)
	return all
}
