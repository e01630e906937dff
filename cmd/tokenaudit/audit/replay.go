package audit

import (
	"context"
	"time"

	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/console"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/documents"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/collectors/labels"
	"github.com/tokenaudit/tokenaudit/report"
)

// Replay judges saved inventories at --at, else at their latest collected_at.
// Sources without the labels are left out; they count for the audit time, so that a
// part is judged like the whole.
func (au *Audit) Replay(ctx context.Context, files documents.Inventories, wanted labels.Selector) (*report.Report, error) {
	at := au.flags.At
	if at.IsZero() {
		var err error
		if at, err = files.CollectedUntil(ctx); err != nil {
			return nil, err
		}
		if at.IsZero() {
			// Nothing was collected, so there is nothing to replay.
			at = au.program.Now().UTC().Truncate(time.Second)
		}
	}
	asked := report.Scope{Labels: wanted}
	if au.scope != nil {
		asked.Rules = au.scope.Rules
	}
	var latest documents.Latest
	search := labels.Search{Selector: wanted}
	r, err := au.run(ctx, func(ctx context.Context, take func(inventory.Source) error) error {
		err := files.Read(ctx, func(s inventory.Source) error {
			latest.See(s.CollectedAt)
			if !search.Wants(s.Labels) {
				return nil
			}
			return take(s)
		})
		if err == nil {
			au.scope, err = files.Restrict(&asked)
		}
		return err
	}, at)
	if err != nil {
		return nil, err
	}
	if !au.flags.At.IsZero() {
		WarnOfHindsight(au.program.Streams, au.flags.At, latest.Time)
	} else if err := latest.Apart(); err != nil {
		return nil, err
	}
	au.program.WarnAll(search.Warnings())
	return r, nil
}

// WarnOfHindsight warns where the audit time given lies before the collection:
// facts that did not exist yet are judged then.
func WarnOfHindsight(to *console.Streams, at, collected time.Time) {
	if at.Before(collected) {
		to.Warn("--at %s lies before the collection (%s): the facts are later than the moment they are judged at",
			at.Format(time.RFC3339), collected.UTC().Format(time.RFC3339))
	}
}
