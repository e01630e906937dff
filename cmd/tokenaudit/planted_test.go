package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http/httptest"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenaudit/tokenaudit/collectors/emulator"
	"github.com/tokenaudit/tokenaudit/collectors/emulator/contentful"
	"github.com/tokenaudit/tokenaudit/collectors/emulator/contentstack"
	"github.com/tokenaudit/tokenaudit/collectors/emulator/datocms"
)

const (
	// plantedEach is how many tokens each of the four CMSes has whose lists show secrets,
	// lookalikes how many strings of the same forms stand among them.
	// TOKENAUDIT_PLANTED=N makes it N times as many.
	plantedEach = 250
	lookalikes  = 100_000
)

// plantedCompany is one on every CMS whose lists show secrets: a configuration that reads
// it, and the secrets by the ids of their tokens.
func plantedCompany(t *testing.T, each int) (*fixture, map[string]string) {
	t.Helper()
	options := emulator.Options{Clock: emulator.NewManualClock(noon).Now, NoLimits: true}
	secrets := map[string]string{}
	plant := func(id, secret string) string {
		secrets[id] = secret
		return secret
	}
	inContentful, inContentstack, inDatoCMS := contentfulState(), contentstackState(), datocmsState()
	space, stack, project := inContentful.Spaces[0], inContentstack.Stacks[0], inDatoCMS.Projects[0]
	space.Keys, stack.DeliveryTokens, project.Tokens = nil, nil, project.Tokens[:1]
	plant("datocms/projects/77/access_tokens/311", project.Tokens[0].Secret)
	var ghost []string
	for i := range each {
		n := strconv.Itoa(i)
		key := &contentful.Key{ID: "key" + n, Name: n, Environments: []string{"master"}, CreatedBy: "editor", CreatedAt: days(-9), UpdatedAt: days(-9),
			Secret: plant("contentful/spaces/shop/api_keys/key"+n, contentfulKeySecret("key "+n))}
		if i%2 == 0 {
			key.Preview = &contentful.PreviewKey{ID: "pre" + n, Name: n, Environments: []string{"master"},
				Secret: plant("contentful/spaces/shop/preview_api_keys/pre"+n, contentfulKeySecret("pre "+n))}
		}
		space.Keys = append(space.Keys, key)
		token := &contentstack.DeliveryToken{UID: "bltd" + n, Name: n, Scope: []contentstack.Scope{{Module: "environment", Names: []string{"production"}, Read: true}},
			CreatedBy: "bltuser", CreatedAt: days(-9), UpdatedAt: days(-9), Secret: plant("contentstack/stacks/bltstack/delivery_tokens/bltd"+n, contentstackTokenSecret("d "+n))}
		if i%2 == 0 {
			token.PreviewSecret = plant("contentstack/stacks/bltstack/delivery_tokens/bltd"+n+"/preview_token", contentstackTokenSecret("p "+n))
		}
		stack.DeliveryTokens = append(stack.DeliveryTokens, token)
		project.Tokens = append(project.Tokens, &datocms.Token{ID: strconv.Itoa(5000 + i), Name: n, Role: "3", CDA: true,
			Secret: plant("datocms/projects/77/access_tokens/"+strconv.Itoa(5000+i), datocmsSecret("t "+n))})
		id := fmt.Sprintf("6b023c7e0a9d5d13%08x", i)
		ghost = append(ghost, fmt.Sprintf(`{"id":"i%d","type":"custom","name":"%d","api_keys":[{"id":%q,"type":"content","secret":%q,"role_id":null,"created_at":"2026-01-01T00:00:00.000Z","updated_at":"2026-01-01T00:00:00.000Z"}]}`,
			i, i, id, plant("ghost/instances/site/api_keys/"+id, emulator.Secret(emulator.SecretForm{Length: 26, Alphabet: emulator.HexDigits}, "g "+n))))
	}
	f := &fixture{url: map[string]string{}, environ: leakEnvironment(), cms: map[string]listener{
		"contentful":   contentful.New(inContentful, contentful.Options{Options: options}),
		"contentstack": contentstack.New(inContentstack, contentstack.Options{Options: options}),
		"datocms":      datocms.New(inDatoCMS, datocms.Options{Options: options}),
	}}
	stop, err := f.serve(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	site := httptest.NewServer(replayed(map[string]string{
		"/ghost/api/admin/users/me/": captured(t, "ghost/testdata/users-me.json"), "/ghost/api/admin/roles/": captured(t, "ghost/testdata/roles.json"),
		"/ghost/api/admin/users/":        `{"users":[],"meta":{"pagination":{"page":1,"limit":100,"pages":1,"total":0,"next":null,"prev":null}}}`,
		"/ghost/api/admin/integrations/": fmt.Sprintf(`{"integrations":[%s],"meta":{"pagination":{"page":1,"limit":"all","pages":1,"total":%d,"next":null,"prev":null}}}`, strings.Join(ghost, ","), each),
	}, "{}"))
	t.Cleanup(site.Close)
	t.Chdir(t.TempDir())
	write(t, "tokenaudit.yaml", f.config()+fmt.Sprintf("  - {cms: ghost, name: site, base_url: %q, token: {env: GHOST_TOKEN}}\n", site.URL))
	return f, secrets
}

// Every planted secret of every CMS is found, at its line, among strings of the same
// forms, and nothing else is; neither by the search nor in a report of a scanner.
func TestPlantedSecretsAreFound(t *testing.T) {
	if testing.Short() {
		t.Skip("one after the other: nothing for the race detector")
	}
	factor := 1
	if n, err := strconv.Atoi(os.Getenv("TOKENAUDIT_PLANTED")); err == nil && n > 0 {
		factor = n
	}
	f, secrets := plantedCompany(t, plantedEach*factor)
	if want := 1000 * factor; len(secrets) < want {
		t.Fatalf("%d secrets are planted, %d wanted", len(secrets), want)
	}
	ids := slices.Sorted(maps.Keys(secrets))
	dice := rand.New(rand.NewPCG(1, 2))
	order := dice.Perm(len(ids) + lookalikes*factor)
	var text, report bytes.Buffer
	want := map[string]int{}
	for i, n := range order {
		word := secrets[ids[n%len(ids)]]
		if n < len(ids) {
			want[ids[n]] = i + 1
		} else {
			word = lookalike(dice, word)
		}
		fmt.Fprintf(&text, "TOKEN=%s\n", word)
		fmt.Fprintf(&report, "{\"RuleID\":\"a\",\"Secret\":%q,\"File\":\"f\",\"StartLine\":%d}\n", word, i+1)
	}
	files := t.TempDir()
	write(t, files+"/text", text.String())
	write(t, files+"/report", report.String())

	got := f.execute(t.Context(), "leaks", "-o", "json", files+"/text")
	if got.code != 1 {
		t.Fatalf("exit code %d\n%s", got.code, got.err)
	}
	var found struct {
		Found []struct {
			Token string `json:"token"`
			Line  int    `json:"line"`
		} `json:"found"`
	}
	if err := json.Unmarshal([]byte(got.out), &found); err != nil {
		t.Fatal(err)
	}
	lines := map[string]int{}
	for _, place := range found.Found {
		lines[place.Token] = place.Line
	}
	if diff := cmp.Diff(want, lines); diff != "" || len(found.Found) != len(want) {
		t.Errorf("searched (-want +got):\n%s", diff)
	}
	f.noSecret(t, "leaks", got)

	got = f.execute(t.Context(), "collect", "--leaks", files+"/report")
	lines = exposedLines(t, got.out)
	if diff := cmp.Diff(want, lines); diff != "" {
		t.Errorf("reported (-want +got):\n%s\n%s", diff, got.err)
	}
	f.noSecret(t, "collect", got)
}

// exposedLines are the lines of the leaks in an inventory, by token.
func exposedLines(t *testing.T, text string) map[string]int {
	t.Helper()
	var inventory struct {
		Sources []struct {
			Tokens []struct {
				ID       string `json:"id"`
				Exposure struct {
					State string `json:"state"`
					Found []struct {
						Line int `json:"line"`
					} `json:"found"`
				} `json:"exposure"`
			} `json:"tokens"`
		} `json:"sources"`
	}
	if err := json.Unmarshal([]byte(text), &inventory); err != nil {
		t.Fatal(err)
	}
	lines := map[string]int{}
	for _, s := range inventory.Sources {
		for _, token := range s.Tokens {
			if token.Exposure.State == "found" {
				lines[token.ID] = token.Exposure.Found[0].Line
			}
		}
	}
	return lines
}

// lookalike is a string of the same length and the same kinds of characters.
func lookalike(dice *rand.Rand, secret string) string {
	b := []byte(secret)
	for i := len(b) - 1; i >= len(b)/2; i-- {
		switch c := b[i]; {
		case '0' <= c && c <= '9':
			b[i] = byte('0' + dice.IntN(10))
		case 'a' <= c && c <= 'f':
			b[i] = byte('a' + dice.IntN(6))
		case 'A' <= c && c <= 'Z':
			b[i] = byte('A' + dice.IntN(26))
		}
	}
	return string(b)
}
