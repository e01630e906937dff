package collectors

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// readings is a paper CMS of which a test says what fails.
type readings struct {
	asked []string
	// lost are the sources of which the second list fails.
	lost, ids []string
	// unlisted: the sources cannot be listed.
	unlisted bool
	at       time.Time
}

func (p *readings) Discover(ctx context.Context) ([]inventory.Source, error) {
	p.asked = append(p.asked, "discover")
	if p.unlisted {
		return nil, &DiscoveryError{Source: inventory.Source{ID: "paper/organizations/o", CMS: "paper", Kind: inventory.KindOrganization}, Err: errors.New("no")}
	}
	return found(p.ids...)(ctx)
}

func (p *readings) Collect(ctx context.Context, s inventory.Source) (inventory.Source, error) {
	if ctx.Err() != nil {
		return s, ctx.Err()
	}
	p.asked = append(p.asked, s.ID)
	s = filled(s)
	s.CollectedAt = p.at
	s.Units = append(s.Units, inventory.CompleteUnit("more", inventory.Preview))
	if slices.Contains(p.lost, s.ID) {
		s.Units[1] = inventory.FailedUnit("more", inventory.ErrUnavailable, "no", "", inventory.Preview)
	}
	return s, nil
}

func (p *readings) options(t *testing.T, earlier map[string]inventory.Source) Options {
	t.Helper()
	o := Options{Registry: registryOf(t, definitionOf(t, "paper", map[int]Collector{1: p})), Entries: []Entry{entry("paper", 1)}, Concurrency: 1}
	o.Entries[0].Labels = map[string]string{"team": "web"}
	for _, s := range earlier {
		o.Resume = append(o.Resume, s)
	}
	return o
}

func TestResumeReadsWhatIsMissing(t *testing.T) {
	t.Parallel()
	p := &readings{ids: []string{"paper/a", "paper/b", "paper/c"}, lost: []string{"paper/b"}, at: noon}
	first, _ := gather(t.Context(), t, p.options(t, nil))
	p.asked, p.lost, p.at = nil, nil, noon.Add(time.Hour)
	second, result := gather(t.Context(), t, p.options(t, first))
	if diff := cmp.Diff([]string{"discover", "paper/b"}, p.asked); diff != "" {
		t.Errorf("asked for (-want +got):\n%s", diff)
	}
	if result.Kept != 2 || result.Incomplete != 0 || !second["paper/b"].CollectedAt.Equal(p.at) {
		t.Errorf("%+v, b was read at %s", result, second["paper/b"].CollectedAt)
	}
	if diff := cmp.Diff(first["paper/a"], second["paper/a"]); diff != "" {
		t.Errorf("a source that was kept has changed:\n%s", diff)
	}
	p.asked = nil
	third, _ := gather(t.Context(), t, p.options(t, second))
	if diff := cmp.Diff(second, third); diff != "" || len(p.asked) > 0 {
		t.Errorf("nothing was missing, and %v was asked for:\n%s", p.asked, diff)
	}
}

// A second reading that sees less does not replace the first.
func TestResumeLosesNothing(t *testing.T) {
	t.Parallel()
	p := &readings{ids: []string{"paper/a", "paper/b"}, lost: []string{"paper/b"}, at: noon}
	first, _ := gather(t.Context(), t, p.options(t, nil))
	ctx, stop := context.WithCancel(t.Context())
	stop()
	interrupted, result := gather(ctx, t, p.options(t, first))
	if diff := cmp.Diff(first, interrupted); diff != "" || result.Kept != 2 || !result.Interrupted {
		t.Errorf("%+v\n%s", result, diff)
	}
	p.unlisted = true
	unlisted, result := gather(t.Context(), t, p.options(t, first))
	gap := unlisted["paper/organizations/o"]
	delete(unlisted, gap.ID)
	if diff := cmp.Diff(first, unlisted); diff != "" || len(gap.Units) != 1 || !gap.Units[0].Sources || len(result.Warnings) != 2 {
		t.Errorf("%+v, %+v\n%s", result, gap, diff)
	}
	unlisted[gap.ID] = gap
	p.unlisted, p.lost = false, nil
	whole, result := gather(t.Context(), t, p.options(t, unlisted))
	if len(whole) != 2 || result.Incomplete != 0 || len(result.Warnings) != 0 {
		t.Errorf("what stood for sources that are found is still there: %+v", result)
	}
}

// The source that stands for a list of sources may have tokens of its own.
func TestResumeKeepsASourceThatStandsForOthers(t *testing.T) {
	t.Parallel()
	p := &readings{ids: []string{"paper/organizations/o"}, lost: []string{"paper/organizations/o"}, at: noon}
	first, _ := gather(t.Context(), t, p.options(t, nil))
	p.unlisted = true
	second, _ := gather(t.Context(), t, p.options(t, first))
	s := second["paper/organizations/o"]
	if len(second) != 1 || len(s.Tokens) != 1 || len(s.Units) != 3 || !s.Units[2].Sources {
		t.Errorf("%+v", second)
	}
}
