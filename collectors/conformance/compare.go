package conformance

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/collectors/inventory/codec"
)

// compare says what is wrong with the outcome of a case.
func (s *suite) compare(c testCase, got outcome) []string {
	v := &verdict{suite: s, healthy: s.healthy, got: got, endpoint: c.scope.endpoint}
	v.sound()
	switch c.fault.expect {
	case healed:
		v.same()
	case bounded:
		v.isMarked(c.fault.classes)
	case sane:
		v.fewerMarked()
	case harmless:
		v.nothingMarked()
		v.nothingLost(true)
	case marked:
		v.isMarked(c.fault.classes)
		v.nothingElseMarked()
		v.nothingLost(true)
		v.othersUntouched()
	case closed:
		v.isMarked(c.fault.classes)
		v.nothingLost(true)
	case honest:
		v.nothingLost(true)
		v.othersUntouched()
	case honestOrNull:
		v.nothingLost(false)
		v.othersUntouched()
	}
	slices.Sort(v.problems)
	return slices.Compact(v.problems)
}

// verdict collects what is wrong with an outcome.
type verdict struct {
	suite        *suite
	healthy, got outcome
	endpoint     Endpoint
	problems     []string
}

func (v *verdict) complain(format string, args ...any) {
	v.problems = append(v.problems, fmt.Sprintf(format, args...))
}

// sound checks what holds after every run.
func (v *verdict) sound() {
	var valid []inventory.Source
	for _, id := range v.got.ids() {
		s := v.got.sources[id]
		for _, u := range s.Units {
			v.honestUnit(id, u)
		}
		if _, known := v.suite.readable.Load(v.got.written[id]); known {
			continue
		}
		for i := range s.Tokens {
			if e := s.Tokens[i].Expiry; e.Supported && slices.Contains(v.suite.target.Definition.NeverExpire, s.Tokens[i].Kind) {
				v.complain("%s can expire, and the definition says that tokens of its kind never do", s.Tokens[i].ID)
			}
		}
		if err := s.Check(); err != nil {
			v.complain("the source %s is not valid: %v", id, err)
			continue
		}
		valid = append(valid, s)
	}
	if readable(valid...) == nil {
		for _, s := range valid {
			v.suite.readable.Store(v.got.written[s.ID], true)
		}
		return
	}
	for _, s := range valid {
		if err := readable(s); err != nil {
			v.complain("the source %s cannot be written and read again: %v", s.ID, err)
		}
	}
}

// readable checks that sources can be saved, and that what was saved fits the
// schema of inventories.
func readable(sources ...inventory.Source) error {
	var saved bytes.Buffer
	if err := codec.Write(&saved, inventory.Inventory{Tool: inventory.Tool{Name: "conformance", Version: "0"}, Sources: sources}); err != nil {
		return err
	}
	return codec.Read(context.Background(), &saved, codec.Limits{}, func(inventory.Source) error { return nil })
}

// needsHint reports whether a class of errors asks somebody to do something.
func needsHint(class inventory.ErrorClass) bool {
	return class == inventory.ErrPermissionDenied || class == inventory.ErrUnauthorized || class == inventory.ErrDoubtedEmpty
}

// honestUnit checks what a unit says.
func (v *verdict) honestUnit(id string, u inventory.Unit) {
	if u.Error == inventory.ErrInternal {
		v.complain("unit %s of %s has the class internal: %s", u.Name, id, u.Detail)
	}
	if needsHint(u.Error) && u.Hint == "" {
		v.complain("unit %s of %s does not say what permission is missing: it has no hint", u.Name, id)
	}
	for _, named := range requestPattern.FindAllStringSubmatch(u.Detail, -1) {
		// What a rate limit holds back is never sent.
		if path := named[1]; !v.got.asks(path) && !v.healthy.asks(path) && u.Error != inventory.ErrRateLimited {
			v.complain("unit %s of %s names a path that is not asked: %s", u.Name, id, u.Detail)
		}
	}
	for _, text := range []string{u.Detail, u.Hint} {
		if strings.ContainsFunc(text, unprintable) || len(text) > 4096 {
			v.complain("unit %s of %s is not safe to print: %q", u.Name, id, text)
		}
	}
}

// asks reports whether a path was asked, which may have been cut for a message.
func (o outcome) asks(path string) bool {
	start, cut := strings.CutSuffix(path, "…")
	if !cut {
		return o.asked[path]
	}
	for asked := range o.asked {
		if strings.HasPrefix(asked, start) {
			return true
		}
	}
	return false
}

// requestPattern finds the requests that a detail names.
var requestPattern = regexp.MustCompile(`\bGET (/[^ :]*)`)

func unprintable(r rune) bool { return unicode.Is(unicode.C, r) || r == '\u2028' || r == '\u2029' }

// same checks that the outcome is the healthy one.
func (v *verdict) same() {
	if diff := cmp.Diff(v.healthy.sources, v.got.sources, cmpopts.EquateEmpty()); diff != "" {
		v.complain("the outcome is not the healthy one (-healthy +got):\n%s", diff)
	}
}

func (v *verdict) nothingMarked() {
	for _, id := range v.got.ids() {
		for _, u := range v.got.sources[id].Units {
			if u.Status != inventory.UnitComplete {
				v.complain("unit %s of %s is %s: %s", u.Name, id, u.Status, u.Detail)
			}
		}
	}
}

// fewerMarked checks that some unit says so if there are fewer tokens.
func (v *verdict) fewerMarked() {
	marked := slices.ContainsFunc(v.got.ids(), func(id string) bool {
		return slices.ContainsFunc(v.got.sources[id].Units, func(u inventory.Unit) bool { return u.Status != inventory.UnitComplete })
	})
	if before, now := v.healthy.tokens(), v.got.tokens(); now < before && !marked {
		v.complain("%d of %d tokens are gone, and no unit says so", before-now, before)
	}
}

// isMarked checks that the right unit says so, with the right class.
func (v *verdict) isMarked(told classes) {
	found := false
	for _, id := range v.got.ids() {
		for _, u := range v.got.sources[id].Units {
			if u.Status == inventory.UnitComplete || u.Name != v.endpoint.Unit {
				continue
			}
			found = true
			if !slices.Contains(told, u.Error) {
				v.complain("unit %s of %s has the class %s, not one of %v: %s", u.Name, id, u.Error, told, u.Detail)
			}
		}
	}
	if !found && v.endpoint.Unmarked == "" {
		v.complain("no unit %s is marked", v.endpoint.Unit)
	}
}

// nothingElseMarked checks that no unit is marked that has nothing to do with
// the endpoint.
func (v *verdict) nothingElseMarked() {
	for _, id := range v.got.ids() {
		for _, u := range v.got.sources[id].Units {
			if u.Status != inventory.UnitComplete && u.Name != v.endpoint.Unit && !slices.Contains(v.endpoint.Also, u.Name) {
				v.complain("unit %s of %s is %s, which has nothing to do with it: %s", u.Name, id, u.Status, u.Detail)
			}
		}
	}
}

// othersUntouched checks that a fault which concerns one source leaves all
// others as they were.
func (v *verdict) othersUntouched() {
	if v.endpoint.Shared {
		return
	}
	var touched []string
	for _, id := range v.healthy.ids() {
		if v.healthy.written[id] != v.got.written[id] {
			touched = append(touched, id)
		}
	}
	if len(touched) > 1 {
		v.complain("several sources are touched: %v", touched)
	}
}

// nothingLost checks that what is missing is marked, that nothing was made up,
// and, if strict, that every fact is the healthy one or unknown.
func (v *verdict) nothingLost(strict bool) {
	for _, id := range v.healthy.ids() {
		before, now := v.healthy.sources[id], v.got.sources[id]
		kept := map[string]inventory.Token{}
		for _, t := range now.Tokens {
			kept[t.ID] = t
		}
		for _, t := range before.Tokens {
			after, ok := kept[t.ID]
			switch {
			case !ok && !v.hidden(id, t.Kind):
				v.complain("token %s is gone, and no unit that holds %s tokens says so", t.ID, t.Kind)
			case ok && strict:
				for _, difference := range unearned(t, after) {
					v.complain("token %s: %s", t.ID, difference)
				}
			}
			delete(kept, t.ID)
		}
		for _, made := range slices.Sorted(maps.Keys(kept)) {
			v.complain("token %s was made up", made)
		}
	}
	for _, id := range v.got.ids() {
		if _, ok := v.healthy.sources[id]; !ok && len(v.got.sources[id].Tokens) > 0 {
			v.complain("the source %s was made up, with tokens", id)
		}
	}
}

// hidden reports whether a failed unit says that tokens of a kind may be missing
// from a source. For a source that is gone, any source may say so: it stands
// for what could not be listed.
func (v *verdict) hidden(id string, kind inventory.Kind) bool {
	says := func(s inventory.Source) bool {
		return slices.ContainsFunc(s.Units, func(u inventory.Unit) bool {
			return u.Status != inventory.UnitComplete && slices.Contains(u.Kinds, kind)
		})
	}
	if s, ok := v.got.sources[id]; ok {
		return says(s)
	}
	for _, other := range v.got.ids() {
		if says(v.got.sources[other]) {
			return true
		}
	}
	return false
}
