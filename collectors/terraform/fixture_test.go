package terraform_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"runtime/debug"
	"slices"
	"testing"
	"time"

	inv "github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/collectors/terraform"
)

// TestMain has the garbage collected less often: it costs a third of what large plans do.
func TestMain(m *testing.M) {
	debug.SetGCPercent(400)
	m.Run()
}

var at = time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)

// object is a JSON object of a plan.
type object = map[string]any

// res is a change of a resource in a plan that a test puts together.
type res struct {
	address, module, kind, name string
	actions                     []string
	before, after, unknown      object
	sensitive                   object
	provider                    string
	mode                        string
}

func (r res) json() object {
	mode := r.mode
	if mode == "" {
		mode = "managed"
	}
	change := object{"actions": r.actions, "before": nil, "after": nil, "after_unknown": object{}, "after_sensitive": object{}, "before_sensitive": object{}}
	if r.before != nil {
		change["before"] = r.before
	}
	if r.after != nil {
		change["after"] = r.after
	}
	if r.unknown != nil {
		change["after_unknown"] = r.unknown
	}
	if r.sensitive != nil {
		change["after_sensitive"], change["before_sensitive"] = r.sensitive, r.sensitive
	}
	return object{
		"address": r.address, "module_address": r.module, "mode": mode, "type": r.kind, "name": r.name,
		"provider_name": r.provider, "change": change,
	}
}

// planOf writes a plan. configuration is the root module; nil for an empty one.
func planOf(configuration object, list ...res) []byte {
	changes := []any{}
	for _, r := range list {
		changes = append(changes, r.json())
	}
	if configuration == nil {
		configuration = object{}
	}
	return marshal(object{
		"format_version": "1.2", "resource_changes": changes, "configuration": object{"root_module": configuration},
	})
}

func marshal(v any) []byte {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return text
}

func read(t *testing.T, text []byte) *terraform.Plan {
	t.Helper()
	p, err := terraform.Read(bytes.NewReader(text), "web")
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// tokens returns the tokens after the plan, by address and kind, and demands that
// the source is consistent.
func tokens(t *testing.T, s inv.Source) map[string]inv.Token {
	t.Helper()
	if err := s.Check(); err != nil {
		t.Error(err)
	}
	all := map[string]inv.Token{}
	for _, token := range s.Tokens {
		all[token.Address+" "+string(token.Kind)] = token
	}
	return all
}

// key is an API key of labd/contentful.
func key(actions ...string) res {
	attributes := object{"space_id": "sp1", "name": "site", "description": nil, "environments": []string{"master"}}
	there := maps.Clone(attributes)
	there["id"], there["preview_id"], there["access_token"], there["preview_token"] = "k1", "p1", "SECRET", "SECRET"
	r := res{address: "contentful_apikey.x", kind: "contentful_apikey", name: "x", actions: actions,
		provider: "registry2.example.com/labd/contentful", before: there, after: maps.Clone(there)}
	if slices.Contains(actions, "create") {
		r.after, r.unknown = attributes, object{"id": true, "preview_id": true, "access_token": true, "preview_token": true}
	}
	if len(actions) == 1 && actions[0] == "create" {
		r.before = nil
	}
	return r
}

// pat is a personal access token of cysp/contentful.
func pat(after, unknown object) res {
	return res{address: "contentful_personal_access_token.p", kind: "contentful_personal_access_token", name: "p",
		actions: []string{"create"}, after: after, unknown: unknown}
}

func deep(t *testing.T, values ...any) string {
	t.Helper()
	text, err := json.Marshal(values)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
