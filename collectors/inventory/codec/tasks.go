package codec

import (
	"encoding/json"

	"github.com/santhosh-tekuri/jsonschema/v5"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// task is a piece of a document that can be decoded without the others.
type task interface {
	// run decodes the piece.
	run()
	// finished is closed when run has ended.
	finished() <-chan struct{}
}

// head is a source without its tokens.
type head struct {
	members *members
	schema  *jsonschema.Schema
	limits  Limits
	source  inventory.Source
	fault   *PlaceError
	done    chan struct{}
}

func (h *head) finished() <-chan struct{} { return h.done }

func (h *head) run() {
	defer close(h.done)
	if h.fault = h.members.decode(h.schema, h.limits, &h.source); h.fault != nil {
		return
	}
	h.source.Normalise()
	h.fault = h.members.first(problemsOf(h.source.HeadProblems()))
}

// batch is some tokens of one source. They are decoded together, because a
// token alone is too little work to hand over.
type batch struct {
	schema    tokenSchema
	limits    Limits
	fragments []fragment
	tokens    []inventory.Token
	fault     *PlaceError
	done      chan struct{}
}

const batchSize = 32

func (b *batch) finished() <-chan struct{} { return b.done }

func (b *batch) run() {
	defer close(b.done)
	b.tokens = make([]inventory.Token, len(b.fragments))
	for i := range b.fragments {
		f := &b.fragments[i]
		if b.fault = f.token(b.schema, b.limits, &b.tokens[i]); b.fault != nil {
			return
		}
		f.raw = nil // the place is still needed, the text is not
	}
}

// token checks and decodes a token.
func (f fragment) token(schema tokenSchema, l Limits, t *inventory.Token) *PlaceError {
	if !schema.shape.fits(f.raw, l) {
		value, bad := parse(f.raw, l)
		if bad != nil {
			return f.faultAt(bad.at, bad.problem)
		}
		if found := violations(schema.full, value); found != nil {
			return f.first(found)
		}
	}
	if err := json.Unmarshal(f.raw, t); err != nil {
		return f.fault(undecodable(err))
	}
	t.Normalise()
	return f.first(problemsOf(t.Problems()))
}
