package config

import (
	"strings"
	"testing"
	"time"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/policies/input"
	"github.com/tokenaudit/tokenaudit/policies/reviews"
)

const reviewsInline = `version: 1
reviews:
  - {token: a/1, reviewer: ada, date: 2026-11-22, decision: keep, note: n}
  - token: a/*
    reviewer: ada
    date: 2026-11-22T14:00:00Z
    decision: revoke
    by: 2026-11-22
    note: closed
`

func TestReviews(t *testing.T) {
	c, err := Parse("f.yaml", []byte(reviewsInline), nil)
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 11, 22, 14, 0, 0, 0, time.UTC)
	want := reviews.Review{
		Token: "a/*", Reviewer: "ada", Date: "2026-11-22T14:00:00Z", From: at, Until: at, Decision: input.Revoke, By: "2026-11-22", Note: "closed",
		Origin: inventory.Origin{File: "f.yaml", Line: 4},
	}
	if len(c.Reviews) != 2 || c.Reviews[0].Decision != input.Keep || c.Reviews[1] != want {
		t.Errorf("%+v", c.Reviews)
	}
	for text, given := range map[string]bool{"": false, "reviews: []\n": true, "reviews:\n": true, "reviews: {files: [a]}\n": true} {
		c, err := Parse("f.yaml", []byte("version: 1\n"+text), nil)
		if err != nil || (c.Reviews != nil) != given {
			t.Errorf("%q: %+v, %v", text, c, err)
		}
	}
}

func TestReviewsMistakes(t *testing.T) {
	for name, test := range map[string]struct{ text, want string }{
		"a misspelt key":        {"[{tokn: x}]", "reviews[0].tokn: unknown key; did you mean token?"},
		"nothing":               {"[{}]", "reviews[0].token: missing; it is a token id or a glob"},
		"no note":               {"[{token: x, reviewer: a, date: 2026-11-22, decision: keep}]", "reviews[0].note: missing; it says why"},
		"another decision":      {"[{token: x, reviewer: a, date: 2026-11-22, decision: keeep, note: n}]", "reviews[0].decision: must be keep, change or revoke; did you mean keep?"},
		"no such day":           {"[{token: x, reviewer: a, date: 2026-02-30, decision: keep, note: n}]", "reviews[0].date: must be a date that exists, written YYYY-MM-DD, or an RFC 3339 time"},
		"revoke without a day":  {"[{token: x, reviewer: a, date: 2026-11-22, decision: revoke, note: n}]", "reviews[0].by: missing; it is the last day on which a revocation is in time"},
		"keep with a day":       {"[{token: x, reviewer: a, date: 2026-11-22, decision: keep, by: 2026-11-22, note: n}]", "reviews[0].by: has no effect with decision: keep; only a decision to revoke has a last day"},
		"a day before it":       {"[{token: x, reviewer: a, date: 2026-11-22, decision: revoke, by: 2026-11-20, note: n}]", "reviews[0].by: is before the date of the review"},
		"a misspelt files":      {"{file: [x]}", "reviews.file: unknown key; did you mean files?"},
		"neither list nor file": {"x", "reviews: must be a list, not text"},
	} {
		_, err := Parse("f.yaml", []byte("version: 1\nreviews: "+test.text+"\n"), nil)
		if err == nil || !strings.Contains(err.Error(), "f.yaml:2: "+test.want) {
			t.Errorf("%s: %v, want %s", name, err, test.want)
		}
	}
}

// The files of the teams are part of the digest of waivers, and not of the other one.
func TestReviewsFiles(t *testing.T) {
	f := newFolder(t)
	f.write("tokenaudit.yaml", "version: 1\nreviews: {files: [web.yaml, shop.yaml]}\n")
	f.write("web.yaml", "team: web\nreviews:\n  - {token: a, reviewer: b, date: 2026-11-22, decision: keep, note: n}\n")
	if _, err := f.load(); err == nil || !strings.Contains(err.Error(), "tokenaudit.yaml:2: reviews.files[1]: the file does not exist") {
		t.Errorf("a file that is missing: %v", err)
	}
	f.write("shop.yaml", "team: shop\n")
	first, err := f.load()
	if err != nil {
		t.Fatal(err)
	}
	if len(first.Reviews) != 1 || first.ReviewsFiles[0].Team != "web" || first.ReviewsFiles[1].Team != "shop" {
		t.Errorf("%+v of %+v", first.Reviews, first.ReviewsFiles)
	}
	f.write("shop.yaml", "team: shop\nreviews:\n  - {token: b, reviewer: b, date: 2026-11-22, decision: keep, note: n}\n")
	again, err := f.load()
	if err != nil || len(again.Reviews) != 2 || again.WaiversDigest == first.WaiversDigest || again.Digest != first.Digest {
		t.Errorf("another review does not change the digest of waivers alone: %v", err)
	}
	f.write("shop.yaml", "team: shop\nreviews:\n  - {token: b}\n")
	if _, err := f.load(); err == nil || !strings.Contains(err.Error(), "shop.yaml:3: reviews[0].reviewer: missing") {
		t.Errorf("a mistake in a file: %v", err)
	}
}

func TestReviewsSchema(t *testing.T) {
	const signed = `"token": "a", "reviewer": "b", "date": "2026-11-22", "note": "n"`
	checkSchema(t, ReviewsSchema, map[string]bool{
		`{"team": "web"}`: true,
		`{"team": "web", "reviews": [{` + signed + `, "decision": "keep"}]}`:                       true,
		`{"team": "web", "reviews": [{` + signed + `, "decision": "revoke", "by": "2026-11-30"}]}`: true,
		`{"team": "web", "reviews": [{` + signed + `, "decision": "revoke"}]}`:                     false,
		`{"team": "web", "reviews": [{` + signed + `, "decision": "keep", "by": "2026-11-30"}]}`:   false,
		`{"team": "web", "reviews": [{` + signed + `, "decision": "maybe"}]}`:                      false,
		`{"team": "web", "reviews": [{"token": "a", "decision": "keep"}]}`:                         false,
		`{"reviews": []}`: false,
	})
}
