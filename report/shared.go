package report

import (
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/policies/risk"
)

// shared has what the findings of a source say of its tokens once each: there may be
// millions, and all but a name and an id is what others say, too.
type shared struct {
	texts   once[string]
	owners  once[Owner]
	scores  once[risk.Score]
	origins once[inventory.Origin]
}

func newShared() shared {
	return shared{texts: once[string]{}, owners: once[Owner]{}, scores: once[risk.Score]{}, origins: once[inventory.Origin]{}}
}

// once has one copy of each value.
type once[V comparable] map[V]*V

func (o once[V]) of(v V) *V {
	have, ok := o[v]
	if !ok {
		have = &v
		o[v] = have
	}
	return have
}

// same returns the one copy of a text.
func same[S ~string](texts once[string], s S) S { return S(*texts.of(string(s))) }
