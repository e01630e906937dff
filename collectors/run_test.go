package collectors

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/sourcegraph/conc"

	"github.com/tokenaudit/tokenaudit/collectors/cmsapi"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

func TestCollectStampsWhatTheConfigurationSays(t *testing.T) {
	t.Parallel()
	e := entry("paper", 1)
	e.Labels = map[string]string{"team": "web"}
	e.NeverAfter = time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	collect := func(_ context.Context, s inventory.Source) (inventory.Source, error) {
		s = filled(s)
		s.Facts, s.CollectedAt = nil, time.Time{}
		s.Tokens = []inventory.Token{token(s, "k2"), token(s, "k1")}
		s.Tokens[0].Expiry = inventory.ExpiresAt(e.NeverAfter, inventory.PrecisionInstant)
		s.Tokens[1].Expiry = inventory.ExpiresAt(e.NeverAfter.Add(-time.Second), inventory.PrecisionInstant)
		return s, nil
	}
	got, result := gather(t.Context(), t, Options{
		Registry: registryOf(t, definitionOf(t, "paper", map[int]Collector{1: paper{discover: found("paper/a"), collect: collect}})),
		Entries:  []Entry{e}})
	s := got["paper/a"]
	if diff := cmp.Diff(Result{Sources: 1, Tokens: 2}, result); diff != "" {
		t.Error(diff)
	}
	if s.Labels["team"] != "web" || s.Origin != e.Origin || s.Tokens[0].Origin != e.Origin || !s.NeverAfter.Equal(e.NeverAfter) {
		t.Errorf("labels %v, origin %v, token origin %v, horizon %v", s.Labels, s.Origin, s.Tokens[0].Origin, s.NeverAfter)
	}
	if !s.CollectedAt.Equal(noon) || len(s.Facts) != len(inventory.AllFacts()) {
		t.Errorf("collected at %v with %d facts", s.CollectedAt, len(s.Facts))
	}
	if s.Tokens[0].Ref != "k1" || s.Tokens[0].Expiry.State != inventory.ExpiryAt {
		t.Errorf("first token: %s, expiry %s", s.Tokens[0].Ref, s.Tokens[0].Expiry.State)
	}
	if x := s.Tokens[1].Expiry; x.State != inventory.ExpiryNever || !x.At.Equal(e.NeverAfter) {
		t.Errorf("an expiry at the horizon is %s at %s, not never with its date", x.State, x.At)
	}
}

// The first entry owns a source, also when its search takes longer.
func TestASourceOfTwoEntriesIsReadOnceByTheFirst(t *testing.T) {
	t.Parallel()
	late := make(chan struct{})
	var reads atomic.Int32
	reader := func(name string) func(context.Context, inventory.Source) (inventory.Source, error) {
		return func(_ context.Context, s inventory.Source) (inventory.Source, error) {
			reads.Add(1)
			s = filled(s)
			s.Region = name
			return s, nil
		}
	}
	first := paper{collect: reader("first"), discover: func(ctx context.Context) ([]inventory.Source, error) {
		<-late
		return found("paper/a", "paper/b")(ctx)
	}}
	second := paper{collect: reader("second"), discover: func(ctx context.Context) ([]inventory.Source, error) {
		close(late)
		return found("paper/b", "paper/c", "paper/c")(ctx)
	}}
	got, result := gather(t.Context(), t, Options{
		Registry: registryOf(t, definitionOf(t, "paper", map[int]Collector{1: first, 2: second})),
		Entries:  []Entry{entry("paper", 1), entry("paper", 2)}})
	if reads.Load() != 3 || got["paper/b"].Region != "first" || got["paper/c"].Region != "second" {
		t.Errorf("%d reads; b was read by the %s entry, c by the %s", reads.Load(), got["paper/b"].Region, got["paper/c"].Region)
	}
	want := []string{
		"source paper/b is reached by the entries at tokenaudit.yaml:1 and tokenaudit.yaml:2: it is collected once, by the first",
		"source paper/c is reached twice by the entry at tokenaudit.yaml:2: it is collected once",
	}
	if diff := cmp.Diff(want, result.Warnings); diff != "" {
		t.Error(diff)
	}
}

func TestAPanicCostsOneSource(t *testing.T) {
	t.Parallel()
	p := paper{discover: found("paper/a", "paper/b", "paper/c", "paper/d"), collect: func(_ context.Context, s inventory.Source) (inventory.Source, error) {
		switch s.ID {
		case "paper/b":
			panic("the value holds s3cret-of-the-cms")
		case "paper/d":
			var group conc.WaitGroup
			group.Go(func() { panicInAGoroutine(nil) })
			group.Wait()
		case "paper/c":
			var none []string
			return s, errors.New(none[len(s.ID)])
		}
		return filled(s), nil
	}}
	got, result := gather(t.Context(), t, Options{Registry: registryOf(t, definitionOf(t, "paper", map[int]Collector{1: p})), Entries: []Entry{entry("paper", 1)}})
	if result.Incomplete != 3 || got["paper/a"].Units[0].Status != inventory.UnitComplete {
		t.Errorf("got %+v", result)
	}
	for id, want := range map[string]string{
		"paper/b": "an internal error in collectors.TestAPanic",
		"paper/c": "index out of range [7] with length 0 in collectors.TestAPanic",
		"paper/d": "nil map in collectors.panicInAGoroutine, line",
	} {
		u := got[id].Units[0]
		if u.Name != unitSource || u.Status != inventory.UnitFailed || u.Error != inventory.ErrInternal || !strings.Contains(u.Detail, want) {
			t.Errorf("%s: %+v", id, u)
		}
		if strings.Contains(u.Detail, "s3cret") {
			t.Errorf("%s quotes the panic: %s", id, u.Detail)
		}
		if len(u.Kinds) != 7 {
			t.Errorf("%s hides only %v", id, u.Kinds)
		}
	}
}

func panicInAGoroutine(m map[string]int) { m["x"] = 1 }

func TestWhatCannotBeDiscoveredDoesNotVanish(t *testing.T) {
	t.Parallel()
	organization := inventory.Source{ID: "paper/organizations/o", CMS: "paper", Kind: inventory.KindOrganization, Name: "O"}
	lost := func(s inventory.Source, unit string) error {
		err := &cmsapi.Error{Class: inventory.ErrPermissionDenied, Status: 403, Message: "no"}
		return &DiscoveryError{Source: s, Unit: cmsapi.UnitOf(unit, nil, false, err), Err: err}
	}
	tests := map[string]struct {
		discover func(context.Context) ([]inventory.Source, error)
		want     map[string][]string // source: its units that are not complete
	}{
		"any error": {
			func(context.Context) ([]inventory.Source, error) {
				return nil, fmt.Errorf("list spaces: %w", &cmsapi.Error{Class: inventory.ErrUnauthorized, Status: 401, Message: "no"})
			},
			map[string][]string{"paper/entries/1": {"sources failed unauthorized"}},
		},
		"an error next to sources": {
			func(context.Context) ([]inventory.Source, error) {
				return []inventory.Source{source("paper/a")}, lost(organization, "spaces")
			},
			map[string][]string{"paper/a": nil, "paper/organizations/o": {"spaces failed permission_denied"}},
		},
		"several errors": {
			func(context.Context) ([]inventory.Source, error) {
				return nil, errors.Join(lost(organization, "spaces"), fmt.Errorf("and: %w", lost(organization, "teams")), errors.New("else"))
			},
			map[string][]string{
				"paper/organizations/o": {"spaces failed permission_denied", "teams failed permission_denied"},
				"paper/entries/1":       {"sources failed internal"},
			},
		},
		"of a source that was found": {
			func(context.Context) ([]inventory.Source, error) {
				return []inventory.Source{source(organization.ID)}, lost(organization, "spaces")
			},
			map[string][]string{"paper/organizations/o": {"spaces failed permission_denied"}},
		},
		"a panic": {
			func(context.Context) ([]inventory.Source, error) { panic("oh") },
			map[string][]string{"paper/entries/1": {"sources failed internal"}},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, _ := gather(t.Context(), t, Options{
				Registry: registryOf(t, definitionOf(t, "paper", map[int]Collector{1: paper{discover: test.discover}})),
				Entries:  []Entry{entry("paper", 1)}})
			units := map[string][]string{}
			for id, s := range got {
				units[id] = nil
				for _, u := range s.Units {
					if u.Status != inventory.UnitComplete {
						units[id] = append(units[id], fmt.Sprint(u.Name, " ", u.Status, " ", u.Error))
					}
				}
			}
			if diff := cmp.Diff(test.want, units); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// What one entry cannot see of a source that another one has read is a gap of
// its own, and not a second source of the same ID.
func TestAGapOfASourceThatAnotherEntryReads(t *testing.T) {
	t.Parallel()
	failing := paper{discover: func(context.Context) ([]inventory.Source, error) {
		return nil, &DiscoveryError{Source: source("paper/a"), Unit: inventory.FailedUnit("spaces", inventory.ErrTimeout, "too late", "")}
	}}
	got, _ := gather(t.Context(), t, Options{
		Registry: registryOf(t, definitionOf(t, "paper", map[int]Collector{1: failing, 2: paper{discover: found("paper/a")}})),
		Entries:  []Entry{entry("paper", 1), entry("paper", 2)}})
	if len(got) != 2 || got["paper/a"].Units[0].Status != inventory.UnitComplete || got["paper/entries/1"].Units[0].Error != inventory.ErrTimeout {
		t.Errorf("got %+v", got)
	}
}

func TestExcludeAndSources(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		exclude, sources []string
		want             []string
		warnings         int
		discovered       bool
	}{
		"all":                      {nil, nil, []string{"paper/a", "paper/sandbox-1"}, 0, true},
		"exclude by id":            {[]string{"*/sandbox-*"}, nil, []string{"paper/a"}, 0, true},
		"exclude by name":          {[]string{"Name of paper/sand*"}, nil, []string{"paper/a"}, 0, true},
		"sources by id":            {nil, []string{"paper/a"}, []string{"paper/a"}, 0, true},
		"sources by name":          {nil, []string{"Name*a"}, []string{"paper/a"}, 0, true},
		"a glob for nothing":       {nil, []string{"paper/x", "paper/a"}, []string{"paper/a"}, 1, true},
		"exclude beats sources":    {[]string{"paper/a"}, []string{"paper/a"}, nil, 1, true},
		"a glob of another CMS":    {nil, []string{"other/*"}, nil, 1, false},
		"a glob that may be of it": {nil, []string{"p*/a"}, []string{"paper/a"}, 0, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			discovered := false
			p := paper{discover: func(ctx context.Context) ([]inventory.Source, error) {
				discovered = true
				return found("paper/a", "paper/sandbox-1")(ctx)
			}}
			e := entry("paper", 1)
			e.Exclude = test.exclude
			got, result := gather(t.Context(), t, Options{
				Registry: registryOf(t, definitionOf(t, "paper", map[int]Collector{1: p})),
				Entries:  []Entry{e}, Sources: test.sources})
			var ids []string
			for id := range got {
				ids = append(ids, id)
			}
			slices.Sort(ids)
			if diff := cmp.Diff(test.want, ids); diff != "" {
				t.Error(diff)
			}
			if len(result.Warnings) != test.warnings || discovered != test.discovered {
				t.Errorf("warnings %q, discovered %v", result.Warnings, discovered)
			}
			if discovered && result.LeftOut != 2-len(ids) {
				t.Errorf("%d left out", result.LeftOut)
			}
		})
	}
}

func TestAFailingSinkEndsTheRun(t *testing.T) {
	t.Parallel()
	full := errors.New("the disk is full")
	calls := 0
	p := paper{discover: found("paper/a", "paper/b", "paper/c")}
	_, err := Collect(t.Context(), Options{Registry: registryOf(t, definitionOf(t, "paper", map[int]Collector{1: p})), Entries: []Entry{entry("paper", 1)}},
		func(inventory.Source) error { calls++; return full })
	if !errors.Is(err, full) || calls != 1 {
		t.Errorf("got %v after %d calls", err, calls)
	}
}

func TestAnInvalidEntrySendsNothing(t *testing.T) {
	t.Parallel()
	bad := definitionOf(t, "bad", nil)
	bad.New = func(Entry, Run) (Collector, error) { return nil, errors.New("the region is unknown") }
	asked := false
	p := paper{discover: func(context.Context) ([]inventory.Source, error) { asked = true; return nil, nil }}
	registry := registryOf(t, definitionOf(t, "paper", map[int]Collector{1: p}), bad)
	for cms, want := range map[string]string{"bad": "tokenaudit.yaml:2: bad: the region is unknown", "none": `tokenaudit.yaml:2: "none" is not a supported CMS`} {
		_, err := Collect(t.Context(), Options{Registry: registry, Entries: []Entry{entry("paper", 1), entry(cms, 2)}},
			func(inventory.Source) error { return nil })
		if err == nil || err.Error() != want || asked {
			t.Errorf("%s: got %v, asked: %v", cms, err, asked)
		}
	}
}

// A token that no rule could judge is a gap, not a pass and not a crash.
func TestTokensThatContradictThemselvesAreLeftOutAndNamed(t *testing.T) {
	t.Parallel()
	p := paper{discover: found("paper/a"), collect: func(_ context.Context, s inventory.Source) (inventory.Source, error) {
		s = filled(s)
		twin, foreign, vague := token(s, "k1"), token(s, "k2"), token(s, "k3")
		twin.Name = "another"
		foreign.Source = "paper/b"
		vague.LastUsed = inventory.LastUsed{State: inventory.LastUsedUnknown}
		s.Tokens = append(s.Tokens, twin, foreign, vague, token(s, "k4"))
		return s, nil
	}}
	got, _ := gather(t.Context(), t, Options{Registry: registryOf(t, definitionOf(t, "paper", map[int]Collector{1: p})), Entries: []Entry{entry("paper", 1)}})
	s := got["paper/a"]
	var refs []string
	for _, token := range s.Tokens {
		refs = append(refs, token.Ref)
	}
	if diff := cmp.Diff([]string{"k1", "k4"}, refs); diff != "" {
		t.Error(diff)
	}
	u := s.Units[len(s.Units)-1]
	if u.Name != unitTokens || u.Status != inventory.UnitPartial || u.Error != inventory.ErrInternal || !strings.HasPrefix(u.Detail, "3 tokens were left out") {
		t.Errorf("got %+v", u)
	}
}

func TestProgressCounts(t *testing.T) {
	t.Parallel()
	progress := &Progress{}
	p := paper{discover: found("paper/a", "paper/b"), collect: func(_ context.Context, s inventory.Source) (inventory.Source, error) {
		if s.ID == "paper/b" {
			return s, errors.New("no")
		}
		return filled(s), nil
	}}
	lost := paper{discover: func(context.Context) ([]inventory.Source, error) { return nil, errors.New("no") }}
	gather(t.Context(), t, Options{Registry: registryOf(t, definitionOf(t, "paper", map[int]Collector{1: p}), definitionOf(t, "lost", map[int]Collector{2: lost})),
		Entries: []Entry{entry("paper", 1), entry("lost", 2)}, Progress: progress})
	for _, e := range []cmsapi.Event{{Status: 200}, {Status: 429}, {}, {Waited: time.Second}, {Waited: time.Second}, {Paused: time.Second}, {Paused: time.Second}, {Domain: "other", Paused: time.Second}} {
		e.CMS = "paper"
		progress.Observe(e)
	}
	want := []CMSProgress{
		{CMS: "lost", Entries: 1, Discovered: 1, Sources: 1, Done: 1, Incomplete: 1},
		{CMS: "paper", Entries: 1, Discovered: 1, Sources: 2, Done: 2, Incomplete: 1, Tokens: 1,
			Requests: 3, Limited: 1, Waited: 2 * time.Second, Paused: 2 * time.Second},
	}
	if diff := cmp.Diff(want, progress.Snapshot()); diff != "" {
		t.Error(diff)
	}
}

// A collector may rely on its clock.
func TestEveryCollectorHasAClock(t *testing.T) {
	t.Parallel()
	d := definitionOf(t, "paper", map[int]Collector{1: paper{discover: found()}})
	made := d.New
	var clock func() time.Time
	d.New = func(e Entry, run Run) (Collector, error) {
		clock = run.Now
		return made(e, run)
	}
	o := Options{Registry: registryOf(t, d), Entries: []Entry{entry("paper", 1)}}
	if _, err := Collect(t.Context(), o, func(inventory.Source) error { return nil }); err != nil {
		t.Fatal(err)
	}
	if clock == nil {
		t.Error("there is none")
	}
}
