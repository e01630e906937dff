// Package ruleinput prints what rules get as input, for those who write rules.
package ruleinput

import (
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/policies/engine"
	"github.com/tokenaudit/tokenaudit/report/safetext"
)

// Printer prints the inputs of a rule.
type Printer struct {
	// Engine feeds the rule.
	Engine *engine.Engine
	// Rule is the rule that gets the input; empty for none: then no parameters are set.
	Rule string
	// Out gets the documents, one after the other.
	Out io.Writer
}

// Print prints the input for a source at the audit time: indented JSON, the members in
// order, and a newline.
func (p Printer) Print(source inventory.Source, at time.Time) error {
	document, err := p.Engine.Input(source, p.Rule, at)
	if err != nil {
		return err
	}
	encoder := json.NewEncoder(safetext.NewJSONWriter(p.Out))
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(document); err != nil {
		return fmt.Errorf("print the input: %w", err)
	}
	return nil
}

// Only returns the source with this token as its only one, or the whole source where
// that is its own id.
func Only(source inventory.Source, id string) inventory.Source {
	if id == source.ID {
		return source
	}
	for i := range source.Tokens {
		if source.Tokens[i].ID == id {
			source.Tokens = source.Tokens[i : i+1]
			break
		}
	}
	return source
}
