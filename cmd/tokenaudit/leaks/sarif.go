package leaks

import (
	"fmt"
	"net/url"
	"path"
	"strings"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// ruleID is the rule that a finding of a search counts as.
const ruleID = "leaked-token"

// maxResults is how many results of a run GitHub takes.
const maxResults = 5000

// sarif is what was found as SARIF 2.1.0: one result a place, on its line.
func (r *result) sarif(tool inventory.Tool) map[string]any {
	results := []any{}
	for _, p := range r.Found[:min(len(r.Found), maxResults)] {
		results = append(results, p.result())
	}
	notes := []any{}
	for _, line := range r.remarks() {
		notes = append(notes, map[string]any{"level": "warning", "message": text(line), "descriptor": map[string]any{"id": "incomplete"}})
	}
	if left := len(r.Found) - len(results) + r.More; left > 0 {
		notes = append(notes, map[string]any{"level": "warning", "message": text(fmt.Sprintf("%d more places are left out", left)), "descriptor": map[string]any{"id": "incomplete"}})
	}
	return map[string]any{
		"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0",
		"runs": []any{map[string]any{
			"tool": map[string]any{"driver": map[string]any{
				"name": tool.Name, "version": tool.Version, "informationUri": "https://github.com/tokenaudit/tokenaudit",
				"rules": []any{map[string]any{
					"id": ruleID, "name": "LeakedToken", "shortDescription": text("Secret of the token has leaked"),
					"help":                 text("Make a new token, move what uses the old one to it, then delete the old one. Deleting the string is not enough: whoever can read the history has it."),
					"defaultConfiguration": map[string]any{"level": "error"},
					"properties":           map[string]any{"tags": []string{"security"}, "security-severity": "9.5"},
				}},
				"notifications": []any{map[string]any{"id": "incomplete", "shortDescription": text("Something could not be compared")}},
			}},
			"automationDetails": map[string]any{"id": "tokenaudit-leaks/"},
			"invocations":       []any{map[string]any{"executionSuccessful": len(r.NotRead)+len(r.NotSearched) == 0 && r.all > 0, "toolExecutionNotifications": notes}},
			"results":           results,
		}},
	}
}

func (p place) result() map[string]any {
	name := fmt.Sprintf("%q", p.Name)
	if kind := string(p.Kind) + " token "; !strings.HasPrefix(p.Name, kind) {
		name = kind + name
	}
	message := fmt.Sprintf("the secret of %s (%s) stands here", name, p.Token)
	switch {
	case p.File == "":
		message += ", in the message of " + p.short()
	case p.Commit != "":
		message += ", since commit " + p.short()
	}
	result := map[string]any{
		"ruleId": ruleID, "ruleIndex": 0, "level": "error", "message": text(message),
		"partialFingerprints": map[string]any{"tokenaudit/v1": p.Token + " " + p.File + " " + p.Commit},
		"properties":          map[string]any{"token": p.Token, "token_name": p.Name, "kind": p.Kind, "cms": p.CMS, "source": p.Source},
	}
	if p.Commit != "" {
		result["properties"].(map[string]any)["commit"] = p.Commit //nolint:forcetypeassert // it was made above
	}
	file := p.File
	if file == "" {
		file = ".git" // a message is in no file, and GitHub wants one
	}
	result["locations"] = []any{map[string]any{"physicalLocation": map[string]any{
		"artifactLocation": map[string]any{"uri": (&url.URL{Path: path.Clean(file)}).String()},
		"region":           map[string]any{"startLine": max(1, p.Line)},
	}}}
	return result
}

func text(s string) map[string]any { return map[string]any{"text": s} }
