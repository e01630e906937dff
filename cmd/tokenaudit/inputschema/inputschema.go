// Package inputschema renders the schema of the input of rules for their authors: the
// one that rules are checked against, with what each CMS can report.
package inputschema

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/tokenaudit/tokenaudit/collectors"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/policies/input"
)

// JSON returns the schema, indented, with the CMSes of the definitions named at each
// fact of a token that one of them cannot report.
func JSON(definitions []collectors.Definition) ([]byte, error) {
	var schema struct {
		Schema     string `json:"$schema"`
		Title      string `json:"title"`
		Type       string `json:"type"`
		Properties struct {
			At           json.RawMessage `json:"at"`
			Params       json.RawMessage `json:"params"`
			Source       json.RawMessage `json:"source"`
			SourceTokens json.RawMessage `json:"source_tokens"`
			Tokens       struct {
				Description string `json:"description"`
				Type        string `json:"type"`
				Items       struct {
					Type       string                    `json:"type"`
					Properties map[string]map[string]any `json:"properties"`
				} `json:"items"`
			} `json:"tokens"`
		} `json:"properties"`
	}
	if err := json.Unmarshal(input.Schema, &schema); err != nil {
		return nil, fmt.Errorf("read the schema of the input: %w", err)
	}
	for name, field := range schema.Properties.Tokens.Items.Properties {
		if text := reportedBy(definitions, inventory.Fact(name)); text != "" {
			field["description"] = fmt.Sprintf("%v %s", field["description"], text)
		}
	}
	text, err := json.MarshalIndent(schema, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("print the schema of the input: %w", err)
	}
	return append(text, '\n'), nil
}

// reportedBy says which CMSes report a fact; empty for a field that every CMS has.
func reportedBy(definitions []collectors.Definition, fact inventory.Fact) string {
	by := map[inventory.Support][]string{}
	for _, d := range definitions {
		if support, ok := d.Facts[fact]; ok {
			by[support.Reported] = append(by[support.Reported], d.Title)
		}
	}
	var texts []string
	for _, degree := range []struct {
		support inventory.Support
		text    string
	}{
		{inventory.SupportYes, "Reported by "}, {inventory.SupportPartly, "Partly reported by "}, {inventory.SupportNo, "Not reported by "},
	} {
		if titles := by[degree.support]; len(titles) > 0 {
			texts = append(texts, degree.text+strings.Join(titles, ", ")+".")
		}
	}
	return strings.Join(texts, " ")
}
