package config

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

const (
	waiverOfWeb = "team: web\nwaivers:\n  - {rule: a, token: b, reason: r, owner: o, approved_by: p, expires: 2027-01-01}\n"
	gapOfShop   = "team: shop\naccept_gaps:\n  - {source: s, unit: u, reason: r, owner: o, approved_by: p, expires: 2027-06-01}\n"
)

// The files of the teams are read after the configuration; what is in them is part of the
// digest of waivers, and a mistake in one is told at its place.
func TestWaiversFiles(t *testing.T) {
	f := newFolder(t)
	f.write("tokenaudit.yaml", "version: 1\nwaivers: {files: [web.yaml, shop.yaml]}\naccept_gaps:\n  - {source: x, unit: u, reason: r, owner: o, approved_by: p, expires: 2027-01-01}\n")
	web := f.write("web.yaml", waiverOfWeb)
	if _, err := f.load(); err == nil || !strings.Contains(err.Error(), "tokenaudit.yaml:2: waivers.files[1]: the file does not exist") {
		t.Errorf("a file that is missing: %v", err)
	}
	shop := f.write("shop.yaml", gapOfShop)
	first, err := f.load()
	if err != nil {
		t.Fatal(err)
	}
	if len(first.Waivers) != 1 || first.Waivers[0].Origin.File != filepath.ToSlash(web) || first.Waivers[0].Origin.Line != 3 {
		t.Errorf("waivers %+v", first.Waivers)
	}
	if len(first.AcceptGaps) != 2 || first.AcceptGaps[0].Source != "x" || first.AcceptGaps[1].Origin.File != filepath.ToSlash(shop) {
		t.Errorf("accepted gaps %+v", first.AcceptGaps)
	}
	if f := first.WaiversFiles; len(f) != 2 || f[0].Team != "web" || f[1].Team != "shop" || f[1].File != "shop.yaml" {
		t.Errorf("files %+v", f)
	}
	err = first.CheckExpiries(time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC))
	if want := filepath.ToSlash(shop) + ":3: accept_gaps[0].expires: lies after 2027-02-02, the latest day that gate.waiver_max_days (366) allows"; err == nil || !strings.HasPrefix(err.Error(), want) || strings.Contains(err.Error(), "\n") {
		t.Errorf("an expiry too far ahead: %v, want %s", err, want)
	}
	f.write("shop.yaml", "# a comment\n"+gapOfShop)
	if again, err := f.load(); err != nil || again.WaiversDigest != first.WaiversDigest || again.Digest != first.Digest {
		t.Errorf("a comment changes a digest: %v", err)
	}
	f.write("shop.yaml", strings.Replace(gapOfShop, "reason: r", "reason: s", 1))
	if again, err := f.load(); err != nil || again.WaiversDigest == first.WaiversDigest || again.Digest != first.Digest {
		t.Errorf("another reason does not change the digest of waivers alone: %v", err)
	}
	f.write("shop.yaml", strings.Replace(gapOfShop, "unit:", "list:", 1))
	if _, err := f.load(); err == nil || !strings.Contains(err.Error(), "shop.yaml:3: accept_gaps[0].list: unknown key") {
		t.Errorf("a mistake in a file: %v", err)
	}
	f.write("shop.yaml", "waivers: []\n")
	if _, err := f.load(); err == nil || !strings.Contains(err.Error(), "shop.yaml:1: team: missing; it is the name of the team") {
		t.Errorf("a file without a team: %v", err)
	}
}

// What is known to be empty has the shape of an accepted gap, and is told apart from one.
func TestAcceptEmpty(t *testing.T) {
	const entry = "\n  - {source: s, unit: u, reason: r, owner: o, approved_by: p, expires: 2027-01-01}\n"
	f := newFolder(t)
	f.write("tokenaudit.yaml", "version: 1\nwaivers: {files: [web.yaml]}\naccept_empty:"+entry+"accept_gaps:"+entry)
	f.write("web.yaml", "team: web\naccept_empty:"+entry)
	c, err := f.load()
	if err != nil {
		t.Fatal(err)
	}
	var got []bool
	for _, g := range c.AcceptGaps {
		got = append(got, g.Empty)
	}
	if !slices.Equal(got, []bool{false, true, true}) || c.AcceptGaps[1].Origin.Line != 4 {
		t.Errorf("%+v", c.AcceptGaps)
	}
	f.write("tokenaudit.yaml", "version: 1\nwaivers: {files: [web.yaml]}\naccept_empty: []\naccept_gaps:"+entry)
	if again, err := f.load(); err != nil || again.WaiversDigest == c.WaiversDigest || again.Digest != c.Digest {
		t.Errorf("it is not part of the digest of waivers alone: %v", err)
	}
	f.write("tokenaudit.yaml", "version: 1\naccept_empty:"+strings.Replace(entry, "approved_by: p, ", "", 1))
	if _, err := f.load(); err == nil || !strings.Contains(err.Error(), "accept_empty[0].approved_by: missing") {
		t.Errorf("nobody has approved it: %v", err)
	}
}

func TestWaiversFilesMistakes(t *testing.T) {
	for name, test := range map[string]struct{ text, want string }{
		"a misspelt files": {"waivers: {file: [x]}\n", "f.yaml:2: waivers.file: unknown key; did you mean files?"},
		"no files":         {"waivers: {files: []}\n", "f.yaml:2: waivers.files: the list is empty"},
		"a file twice":     {"waivers: {files: [a, a]}\n", "f.yaml:2: waivers.files[1]: is in the list twice"},
		"of owners twice":  {"owners: {files: [a, a]}\n", "f.yaml:2: owners.files[1]: is in the list twice"},
		"neither":          {"waivers: x\n", "f.yaml:2: waivers: must be a list, not text"},
	} {
		_, err := Parse("f.yaml", []byte("version: 1\n"+test.text), nil)
		if err == nil || err.Error() != test.want {
			t.Errorf("%s: %v, want %s", name, err, test.want)
		}
	}
}

func TestWaiversSchema(t *testing.T) {
	checkSchema(t, WaiversSchema, map[string]bool{
		`{"team": "web", "waivers": []}`: true,
		`{"team": "web"}`:                true,
		`{"team": "web", "waivers": [{"rule": "a", "token": "b", "reason": "c", "owner": "d", "approved_by": "e", "expires": "2027-01-01"}]}`: true,
		`{"team": "web", "waivers": [{"rule": "a"}]}`: false,
		`{"waivers": []}`:             false,
		`{"team": "web", "owns": []}`: false,
	})
}
