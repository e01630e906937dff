package command

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenaudit/tokenaudit/collectors"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

const (
	empty = `{"schema":"tokenaudit/inventory/v1","tool":{"name":"t","version":"1"},"sources":[]}`
	one   = `{"schema":"tokenaudit/inventory/v1","tool":{"name":"t","version":"1"},"sources":[
{"id":"ID","cms":"CMS","kind":"instance","name":"n","collected_at":"2026-11-22T10:00:00Z","units":[{"name":"tokens","kinds":["delivery"],"status":"complete"}],"facts":FACTS,
"auditor":{"reads_secrets":"unknown","writes":"unknown","necessary":"unknown"},"tokens":[]}]}`
)

// source is an inventory of one source.
func source(id, cms string) string {
	facts, _ := json.Marshal(facts()) // plain strings
	return strings.NewReplacer("ID", id, "CMS", cms, "FACTS", string(facts)).Replace(one)
}

// opened makes the collector of an entry that runs sh with the script.
func opened(t *testing.T, script string, change func(*collectors.Entry)) *collector {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "list.sh"), []byte(script), 0o600); err != nil {
		t.Fatal(err)
	}
	e := collectors.Entry{CMS: "command", Name: "pressroom", Values: map[string]any{"run": []string{"/bin/sh", "list.sh"}}}
	if change != nil {
		change(&e)
	}
	environ := map[string]string{"PATH": os.Getenv("PATH"), "GIVEN": "given", "WITHHELD": "withheld"}
	c, err := open(e, collectors.Run{Dir: dir, LookupEnv: func(name string) (string, bool) { v, ok := environ[name]; return v, ok }})
	if err != nil {
		t.Fatal(err)
	}
	return c.(*collector)
}

func printing(doc string) string { return "cat <<'END'\n" + doc + "\nEND\n" }

func TestProgramsThatFail(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		script string
		change func(*collectors.Entry)
		class  inventory.ErrorClass
		detail string
	}{
		"not there": {
			change: func(e *collectors.Entry) { e.Values["run"] = []string{"./absent"} },
			class:  inventory.ErrNotFound, detail: "could not be started",
		},
		"fails":              {script: "echo boom >&2; exit 3", class: inventory.ErrUnavailable, detail: "exit status 3"},
		"fails at the end":   {script: printing(source("pressroom/x", "pressroom")) + "exit 4", class: inventory.ErrUnavailable, detail: "exit status 4"},
		"prints nothing":     {script: "true", class: inventory.ErrUnreadable, detail: "not an inventory"},
		"prints text":        {script: "echo '<html>'", class: inventory.ErrUnreadable, detail: "not an inventory"},
		"prints no source":   {script: printing(empty), class: inventory.ErrUnreadable, detail: "printed no source"},
		"another CMS's name": {script: printing(source("pressroom/x", "contentful")), class: inventory.ErrUnreadable, detail: `of cms "contentful"`},
		"another CMS's id":   {script: printing(source("contentful/spaces/x", "pressroom")), class: inventory.ErrUnreadable, detail: "the id must begin with it"},
		"an unknown member":  {script: printing(strings.Replace(source("pressroom/x", "pressroom"), `"facts"`, `"secret":"s","facts"`, 1)), class: inventory.ErrUnreadable, detail: "secret"},
		"does not end":       {script: "sleep 600", change: func(e *collectors.Entry) { e.Timeout = time.Nanosecond }, class: inventory.ErrTimeout, detail: "did not finish within"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sources, err := opened(t, c.script, c.change).Discover(t.Context())
			var d *collectors.DiscoveryError
			if !errors.As(err, &d) || sources != nil {
				t.Fatalf("Discover gave %v and the error %v, not a DiscoveryError", sources, err)
			}
			if d.Source.ID != "pressroom/program" || d.Source.CMS != "pressroom" {
				t.Errorf("the gap stands at %s of %s", d.Source.ID, d.Source.CMS)
			}
			if d.Unit.Status != inventory.UnitFailed || d.Unit.Error != c.class || !strings.Contains(d.Unit.Detail, c.detail) {
				t.Errorf("unit %+v, want class %s and a detail with %q", d.Unit, c.class, c.detail)
			}
			if strings.Contains(d.Unit.Detail, "boom") {
				t.Error("what the program wrote on stderr was passed on")
			}
		})
	}
}

func TestOutputIsBounded(t *testing.T) {
	t.Parallel()
	c := opened(t, "while :; do echo '          '; done", nil)
	c.program.maxOutput = 1 << 16
	_, err := c.Discover(t.Context())
	var d *collectors.DiscoveryError
	if !errors.As(err, &d) || d.Unit.Error != inventory.ErrUnreadable {
		t.Errorf("a program that prints without end gave %v", err)
	}
}

func TestInterruptionIsNotTheProgramsFault(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := opened(t, "sleep 600", nil).Discover(ctx)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestEnvironmentIsPassedByName(t *testing.T) {
	t.Parallel()
	script := `id=pressroom/${GIVEN:-none}-${WITHHELD:-none}` + "\n" + "cat <<END\n" + source("$id", "pressroom") + "\nEND\n"
	c := opened(t, script, func(e *collectors.Entry) { e.Values["environment"] = []string{"GIVEN", "ABSENT"} })
	sources, err := c.Discover(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got, want := sources[0].ID, "pressroom/given-none"; got != want {
		t.Errorf("the program saw %s, want %s", got, want)
	}
	read, err := c.Collect(t.Context(), sources[0])
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(c.read["pressroom/given-none"], read); diff != "" {
		t.Error(diff)
	}
	if _, err := c.Collect(t.Context(), inventory.Source{ID: "pressroom/other"}); err == nil {
		t.Error("a source that was never printed could be collected")
	}
}

func TestProbe(t *testing.T) {
	t.Parallel()
	ok := opened(t, printing(source("pressroom/x", "pressroom")), nil).Probe(t.Context())
	if len(ok) != 1 || ok[0].Status != collectors.CheckOK || ok[0].Detail != "printed an inventory; sources: 1, tokens: 0" {
		t.Errorf("got %+v", ok)
	}
	failed := opened(t, "exit 1", nil).Probe(t.Context())
	if len(failed) != 1 || failed[0].Status != collectors.CheckFailed || failed[0].Hint == "" {
		t.Errorf("got %+v", failed)
	}
}

func TestEntriesThatMakeNoSense(t *testing.T) {
	t.Parallel()
	for name, e := range map[string]collectors.Entry{
		"name with a slash": {Name: "a/b", Values: map[string]any{"run": []string{"x"}}},
		"no program":        {Name: "a", Values: map[string]any{"run": []string{""}}},
		"base_url":          {Name: "a", BaseURL: "https://cms.example.com", Values: map[string]any{"run": []string{"x"}}},
	} {
		if _, err := open(e, collectors.Run{}); err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
}

func TestDefinitionIsValid(t *testing.T) {
	t.Parallel()
	if _, err := collectors.NewRegistry(Definition()); err != nil {
		t.Error(err)
	}
}

func TestExample(t *testing.T) {
	t.Parallel()
	e := collectors.Entry{CMS: "command", Name: "pressroom", Values: map[string]any{"run": []string{"./pressroom-tokens.sh", "tokens.csv"}}}
	run := collectors.Run{Dir: filepath.Join("..", "..", "examples", "command"), LookupEnv: os.LookupEnv}
	c, err := open(e, run)
	if err != nil {
		t.Fatal(err)
	}
	sources, err := c.Discover(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	s, err := c.Collect(t.Context(), sources[0])
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]inventory.ExpiryState{}
	for _, token := range s.Tokens {
		got[string(token.Kind)+" "+token.Name] = token.Expiry.State
	}
	want := map[string]inventory.ExpiryState{
		"delivery website": inventory.ExpiryAt, "management newsletter import": inventory.ExpiryNever, "delivery press archive": inventory.ExpiryNever,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
