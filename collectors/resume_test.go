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

// separated is a paper CMS with two separate lists of tokens, and one that both rest on.
type separated struct {
	lost, asked []string
	at          time.Time
}

func (p *separated) Discover(ctx context.Context) ([]inventory.Source, error) {
	return found("paper/a")(ctx)
}

func (p *separated) Separate() map[string]string {
	return map[string]string{"keys": "/keys/", "pats": "/pats/"}
}

func (p *separated) Collect(ctx context.Context, s inventory.Source) (inventory.Source, error) {
	return p.CollectWithout(ctx, s, nil)
}

func (p *separated) CollectWithout(ctx context.Context, s inventory.Source, skip []string) (inventory.Source, error) {
	s.CollectedAt, s.Tokens, s.Units = p.at, nil, nil
	for _, name := range []string{"keys", "pats", "roles"} {
		if slices.Contains(skip, name) {
			continue
		}
		p.asked = append(p.asked, name)
		var kinds []inventory.Kind
		if name != "roles" {
			kinds = []inventory.Kind{inventory.Delivery}
		}
		if slices.Contains(p.lost, name) {
			s.Units = append(s.Units, inventory.FailedUnit(name, inventory.ErrUnavailable, "no", "", kinds...))
			continue
		}
		s.Units = append(s.Units, inventory.CompleteUnit(name, kinds...))
		if name != "roles" {
			one := token(s, "k1")
			one.ID = s.ID + "/" + name + "/k1"
			s.Tokens = append(s.Tokens, one)
		}
	}
	return s, ctx.Err()
}

func (p *separated) options(t *testing.T) Options {
	t.Helper()
	return Options{Registry: registryOf(t, definitionOf(t, "paper", map[int]Collector{1: p})), Entries: []Entry{entry("paper", 1)}, Concurrency: 1}
}

// resume reads once with some lists lost, and goes on with that later with others lost.
func (p *separated) resume(t *testing.T, lost, lostAgain []string, later time.Duration) (first, second inventory.Source, r Result) {
	t.Helper()
	o := p.options(t)
	p.at, p.lost = noon.Add(-later), lost
	sources, _ := gather(t.Context(), t, o)
	first = sources["paper/a"]
	p.at, p.lost, p.asked = noon, lostAgain, nil
	o.Resume = []inventory.Source{first}
	sources, r = gather(t.Context(), t, o)
	return first, sources["paper/a"], r
}

// Of separate lists those alone are read that are missing, where nothing else is.
func TestResumeReadsSeparateLists(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name            string
		lost, lostAgain []string
		later           time.Duration
		asked           []string
		tokens, joined  int
	}{
		{"one list", []string{"pats"}, nil, time.Hour, []string{"pats", "roles"}, 2, 1},
		{"the other", []string{"keys"}, nil, time.Hour, []string{"keys", "roles"}, 2, 1},
		{"it is lost again", []string{"pats"}, []string{"pats"}, time.Hour, []string{"pats", "roles"}, 1, 1},
		{"a list that both rest on", []string{"roles"}, nil, time.Hour, []string{"keys", "pats", "roles"}, 2, 0},
		{"that is lost now", []string{"pats"}, []string{"roles"}, time.Hour, []string{"pats", "roles", "keys", "pats", "roles"}, 1, 0},
		{"all lists of tokens", []string{"keys", "pats"}, nil, time.Hour, []string{"keys", "pats", "roles"}, 2, 0},
		{"too long ago", []string{"pats"}, nil, 25 * time.Hour, []string{"keys", "pats", "roles"}, 2, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := &separated{}
			first, second, r := p.resume(t, tt.lost, tt.lostAgain, tt.later)
			if diff := cmp.Diff(tt.asked, p.asked); diff != "" || len(second.Tokens) != tt.tokens || r.Joined != tt.joined {
				t.Errorf("%d tokens, %+v, asked for (-want +got):\n%s", len(second.Tokens), r, diff)
			}
			if missing := len(tt.lostAgain) > 0; missing != (r.Incomplete == 1) {
				t.Errorf("%+v: what is missing is %v", r, second.Units)
			}
			whole := &separated{at: noon}
			if r.Joined == 1 {
				whole.at = first.CollectedAt
			}
			want, _ := gather(t.Context(), t, whole.options(t))
			if diff := cmp.Diff(want["paper/a"], second); diff != "" && len(tt.lostAgain) == 0 {
				t.Errorf("it is not what a whole run reads (-whole +resumed):\n%s", diff)
			}
		})
	}
}

// parted is a paper CMS with a list of three parts.
type parted struct {
	lost, asked []string
	at          time.Time
}

func (p *parted) Discover(ctx context.Context) ([]inventory.Source, error) {
	return found("paper/a")(ctx)
}

func (p *parted) Collect(ctx context.Context, s inventory.Source) (inventory.Source, error) {
	return p.read(ctx, s, []string{"k1", "k2", "k3"}, nil)
}

func (p *parted) Continue(earlier inventory.Source) func(context.Context, inventory.Source) (inventory.Source, error) {
	missing := earlier.Units[0].Missing
	if len(missing) == 0 {
		return nil
	}
	return func(ctx context.Context, s inventory.Source) (inventory.Source, error) {
		return p.read(ctx, s, missing, earlier.Tokens)
	}
}

func (p *parted) read(ctx context.Context, s inventory.Source, parts []string, kept []inventory.Token) (inventory.Source, error) {
	s.CollectedAt, s.Tokens = p.at, slices.Clone(kept)
	var missing []string
	for _, part := range parts {
		p.asked = append(p.asked, part)
		if slices.Contains(p.lost, part) {
			missing = append(missing, part)
			continue
		}
		s.Tokens = append(s.Tokens, token(s, part))
	}
	s.Units = []inventory.Unit{inventory.CompleteUnit("keys", inventory.Delivery)}
	if len(missing) > 0 {
		s.Units[0] = inventory.PartialUnit("keys", inventory.ErrUnavailable, "no", "", inventory.Delivery)
		s.Units[0].Missing = missing
	}
	return s, ctx.Err()
}

// Of a list that is read in parts those alone are read that are missing, also when the run
// was interrupted, and none is lost.
func TestResumeReadsMissingParts(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name                   string
		lost, lostAgain, asked []string
		interrupted            bool
		later                  time.Duration
		tokens, joined         int
	}{
		{"one part", []string{"k2"}, nil, []string{"k2"}, false, time.Hour, 3, 1},
		{"one of two again", []string{"k2", "k3"}, []string{"k3"}, []string{"k2", "k3"}, false, time.Hour, 2, 1},
		{"after an interruption", []string{"k2"}, nil, []string{"k2"}, true, time.Hour, 3, 1},
		{"too long ago", []string{"k2"}, nil, []string{"k1", "k2", "k3"}, false, 25 * time.Hour, 3, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := &parted{at: noon.Add(-tt.later), lost: tt.lost}
			o := Options{Registry: registryOf(t, definitionOf(t, "paper", map[int]Collector{1: p})), Entries: []Entry{entry("paper", 1)}, Concurrency: 1}
			sources, _ := gather(t.Context(), t, o)
			first := sources["paper/a"]
			if tt.interrupted {
				first.Units = append(first.Units, inventory.FailedUnit(unitSource, inventory.ErrTimeout, "stopped", "", inventory.AllKinds()...))
			}
			p.at, p.lost, p.asked = noon, tt.lostAgain, nil
			o.Resume = []inventory.Source{first}
			sources, r := gather(t.Context(), t, o)
			second := sources["paper/a"]
			if diff := cmp.Diff(tt.asked, p.asked); diff != "" || len(second.Tokens) != tt.tokens || r.Joined != tt.joined || !slices.Equal(second.Units[0].Missing, tt.lostAgain) {
				t.Errorf("%d tokens, %+v, %+v, asked for (-want +got):\n%s", len(second.Tokens), r, second.Units, diff)
			}
			if want := noon.Add(-tt.later); tt.joined == 1 && !second.CollectedAt.Equal(want) || len(second.Units) != 1 {
				t.Errorf("read at %s, want %s; %+v", second.CollectedAt, want, second.Units)
			}
		})
	}
}
