package audit

import (
	"bytes"
	"context"
	"time"

	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/collection"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/deliver"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/documents"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/collectors/inventory/codec"
)

// Scan judges what is collected, delivers the report, and keeps the inventory where that
// is wanted.
func (au *Audit) Scan(ctx context.Context, r *collection.Collection, saveInventory string) error {
	au.scope = r.Scope(au.options.Rules)
	at := au.flags.At
	if at.IsZero() {
		at = r.Now().UTC().Truncate(time.Second)
	}
	if err := au.checkClock(ctx, at); err != nil {
		return err
	}
	if au.past != nil {
		au.past.sourcesDigest = au.config.SourcesDigest
	}
	var latest documents.Latest
	checkpoint := deliver.NewCheckpoint(saveInventory, r.Unended)
	notKept := func(err error) { au.program.WarnOf("the inventory so far could not be kept", err) }
	result, err := au.run(ctx, func(ctx context.Context, take func(inventory.Source) error) error {
		return checkpoint.During(ctx, notKept, func() error {
			return r.Collect(ctx, func(s inventory.Source) error {
				latest.See(s.CollectedAt)
				if saveInventory != "" || au.flags.Sealed {
					checkpoint.Add(s)
				}
				return take(s)
			})
		})
	}, at)
	if err != nil {
		return err
	}
	if !au.flags.At.IsZero() {
		WarnOfHindsight(au.program.Streams, au.flags.At, latest.Time)
	}
	if saveInventory != "" {
		if err := deliver.Inventory(ctx, au.program.Out, saveInventory, r.Inventory(checkpoint.Sources())); err != nil {
			return err
		}
		au.program.WarnOf("the inventory so far was not removed", checkpoint.Remove())
	}
	if au.flags.Sealed {
		var text bytes.Buffer
		if err := codec.Write(&text, r.Inventory(checkpoint.Sources())); err != nil {
			return err
		}
		// An interruption has ended the reading alone.
		if err := au.WriteSeal(context.WithoutCancel(ctx), result, []documents.Document{{Data: text.Bytes()}}, nil); err != nil {
			return err
		}
	}
	return au.Finish(ctx, result)
}
