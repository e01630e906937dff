package config

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

const ownersInline = `version: 1
owners:
  - team: platform
    owns: [{source: "*"}]
  - team: web
    owns:
      - {label: team=web, name: "deploy *"}
      - {owner: "*@example.com"}
`

func TestOwners(t *testing.T) {
	c, err := Parse("f.yaml", []byte(ownersInline), nil)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for i := range c.Owners {
		p := &c.Owners[i]
		got = append(got, p.Team+" "+p.String())
	}
	if want := []string{"platform source: *", "web name: deploy *, label: team=web", "web owner: *@example.com"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if want := (inventory.Origin{File: "f.yaml", Line: 8}); c.Owners[2].Origin != want {
		t.Errorf("origin %v, want %v", c.Owners[2].Origin, want)
	}
}

func TestOwnersMistakes(t *testing.T) {
	for name, test := range map[string]struct{ text, want string }{
		"a misspelt condition": {"owners:\n  - team: web\n    owns:\n      - {sorce: x}\n", "f.yaml:5: owners[0].owns[0].sorce: unknown key; did you mean source?"},
		"a misspelt key":       {"owners:\n  - {teem: web, owns: [{source: x}]}\n", "f.yaml:3: owners[0].teem: unknown key; did you mean team?"},
		"no condition":         {"owners:\n  - team: web\n    owns: [{}]\n", "f.yaml:4: owners[0].owns[0]: matches everything; name what it matches by source, token, name, label or owner"},
		"no team":              {"owners:\n  - owns: [{source: x}]\n", "f.yaml:3: owners[0].team: missing"},
		"no patterns":          {"owners:\n  - {team: web, owns: []}\n", "f.yaml:3: owners[0].owns: the list is empty"},
		"a label without =":    {"owners:\n  - {team: web, owns: [{label: team}]}\n", "owners[0].owns[0].label: must be KEY=VALUE, for example team=web"},
		"the reserved name":    {"owners:\n  - {team: unassigned, owns: [{source: x}]}\n", "owners[0].team: must not be unassigned, which means no team"},
		"a misspelt files":     {"owners: {file: [x]}\n", "owners.file: unknown key; did you mean files?"},
		"no files":             {"owners: {files: []}\n", "owners.files: the list is empty"},
	} {
		_, err := Parse("f.yaml", []byte("version: 1\n"+test.text), nil)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %s", name, err, test.want)
		}
	}
}

// The files of the teams are read after the configuration; what is in them is part of its
// digest, and a mistake in one is told at its place.
func TestOwnersFiles(t *testing.T) {
	f := newFolder(t)
	f.write("tokenaudit.yaml", "version: 1\nowners: {files: [web.yaml, shop.yaml]}\n")
	f.write("web.yaml", "team: web\nowns: [{source: contentful/*}]\n")
	if _, err := f.load(); err == nil || !strings.Contains(err.Error(), "tokenaudit.yaml:2: owners.files[1]: the file does not exist") {
		t.Errorf("a file that is missing: %v", err)
	}
	shop := f.write("shop.yaml", "team: shop\nowns: [{source: datocms/*}]\n")
	first, err := f.load()
	if err != nil {
		t.Fatal(err)
	}
	if got := first.Owners.Teams(); !slices.Equal(got, []string{"shop", "web"}) || first.Owners[1].Team != "shop" || first.Owners[1].Origin.File != filepath.ToSlash(shop) {
		t.Errorf("teams %v, patterns %+v", got, first.Owners)
	}
	f.write("shop.yaml", "# a comment\nteam: shop\nowns: [{source: datocms/*}]\n")
	if again, err := f.load(); err != nil || again.Digest != first.Digest {
		t.Errorf("a comment changes the digest: %v", err)
	}
	f.write("shop.yaml", "team: shop\nowns: [{source: \"*\"}]\n")
	if again, err := f.load(); err != nil || again.Digest == first.Digest {
		t.Errorf("another pattern does not change the digest: %v", err)
	}
	f.write("shop.yaml", "team: shop\nowns:\n  - {tokn: x}\n")
	if _, err := f.load(); err == nil || !strings.Contains(err.Error(), "shop.yaml:3: owns[0].tokn: unknown key; did you mean token?") {
		t.Errorf("a mistake in a file: %v", err)
	}
}

func TestOwnersSchema(t *testing.T) {
	checkSchema(t, OwnersSchema, map[string]bool{
		`{"team": "web", "owns": [{"source": "*"}]}`:        true,
		`{"team": "web", "owns": [{}]}`:                     false,
		`{"team": "web", "owns": [{"label": "team"}]}`:      false,
		`{"team": "unassigned", "owns": [{"source": "*"}]}`: false,
		`{"team": "web"}`:                                   false,
	})
}
