// Package scaffold writes a custom rule to start from, with its test and what that feeds.
package scaffold

import (
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"text/template"

	"github.com/open-policy-agent/opa/v1/format"

	"github.com/tokenaudit/tokenaudit/policies/engine"
)

//go:embed templates
var templates embed.FS

// Rule writes the rule of a package and its test into a folder.
func Rule(folder, pkg string) error {
	data := struct{ Package string }{pkg}
	return errors.Join(
		write(filepath.Join(folder, pkg+".rego"), "rule.rego", data),
		write(filepath.Join(folder, pkg+"_test.rego"), "rule_test.rego", data))
}

// Fixtures writes what the test of the package feeds to the rule: what the engine would.
func Fixtures(folder, pkg string, judge *engine.Engine) error {
	document, err := judge.Input(sample(), "", auditTime)
	if err != nil {
		return err
	}
	members, _ := document.(map[string]any)
	tokens, _ := members["tokens"].([]any)
	byKind := map[string]any{}
	for _, token := range tokens {
		fields, _ := token.(map[string]any)
		kind, _ := fields["kind"].(string)
		byKind[kind] = token
	}
	if len(byKind) != len(sample().Tokens) {
		return errors.New("the input of the sample lacks a token")
	}
	return write(filepath.Join(folder, "fixtures_test.rego"), "fixtures_test.rego", struct {
		Package            string
		At, Source, Tokens any
		// SourceTokens is nil where the input has no such member.
		SourceTokens any
	}{pkg, members["at"], members["source"], byKind, members["source_tokens"]})
}

// write fills a template, formats it and writes it.
func write(file, name string, data any) error {
	text, err := template.New(name+".tmpl").Funcs(template.FuncMap{"json": toJSON}).ParseFS(templates, "templates/"+name+".tmpl")
	if err != nil {
		return fmt.Errorf("read the template of %s: %w", name, err)
	}
	var b strings.Builder
	if err := text.Execute(&b, data); err != nil {
		return fmt.Errorf("fill the template of %s: %w", name, err)
	}
	formatted, err := format.Source(file, []byte(b.String()))
	if err != nil {
		return fmt.Errorf("format %s: %w", name, err)
	}
	if err := os.WriteFile(file, formatted, 0o644); err != nil {
		return fmt.Errorf("write the rule: %w", err)
	}
	return nil
}

// toJSON returns a value as JSON, which is Rego, too.
func toJSON(v any) (string, error) {
	text, err := json.MarshalIndent(v, "", "\t")
	return string(text), err
}
