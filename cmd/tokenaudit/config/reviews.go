package config

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/tokenaudit/tokenaudit/policies/input"
	"github.com/tokenaudit/tokenaudit/policies/reviews"
)

var (
	reviewKeys      = []string{"token", "reviewer", "date", "decision", "by", "note"}
	reviewsFileKeys = []string{"team", "reviews"}
	reviewHelp      = map[string]string{
		"token":    "it is a token id or a glob",
		"reviewer": "it says who looked at the token",
		"date":     "it is when, YYYY-MM-DD or RFC 3339",
		"decision": "it is keep, change or revoke",
		"by":       "it is the last day on which a revocation is in time, YYYY-MM-DD; only a decision to revoke has one",
		"note":     "it says why",
	}
)

// reviewsOrFiles reads reviews of tokens: a list of them, or the names of the files of the
// teams. The list is not nil.
func (r *reader) reviewsOrFiles(n *yaml.Node) ([]reviews.Review, []TeamFile) {
	if r.follow(n).Kind != yaml.MappingNode {
		return r.reviews(n, "reviews"), nil
	}
	return []reviews.Review{}, r.teamFiles(n, "reviews")
}

func (r *reader) reviews(n *yaml.Node, path string) []reviews.Review {
	out := []reviews.Review{}
	for i, e := range r.sequence(n, path) {
		if review, ok := r.review(e, index(path, i)); ok {
			out = append(out, review)
		}
	}
	return out
}

func (r *reader) review(n *yaml.Node, path string) (reviews.Review, bool) {
	before := len(r.errs)
	out := reviews.Review{Origin: r.origin(n)}
	m, ok := r.mapping(n, path, reviewKeys)
	if !ok {
		return out, false
	}
	if token := m.required("token", reviewHelp["token"]); token != nil {
		out.Token = r.word(token, m.at("token"))
	}
	if reviewer := m.required("reviewer", reviewHelp["reviewer"]); reviewer != nil {
		out.Reviewer = r.word(reviewer, m.at("reviewer"))
	}
	if note := m.required("note", reviewHelp["note"]); note != nil {
		out.Note, _ = r.text(note, m.at("note"), true)
	}
	if date := m.required("date", reviewHelp["date"]); date != nil {
		text, ok := r.text(date, m.at("date"), false)
		var err error
		if out.Date = text; ok {
			if out.From, out.Until, err = reviews.ParseDate(text); err != nil {
				r.fail(date, m.at("date"), "must be a date that exists, written YYYY-MM-DD, or an RFC 3339 time, such as 2026-11-30T14:00:00Z")
			}
		}
	}
	if decision := m.required("decision", reviewHelp["decision"]); decision != nil {
		out.Decision = input.Decision(r.oneOf(decision, m.at("decision"), decisions()))
		r.revocation(m, &out)
	}
	return out, len(r.errs) == before
}

// revocation reads by when a token is to be revoked, which a decision to revoke has and no
// other.
func (r *reader) revocation(m *mapping, review *reviews.Review) {
	by := m.get("by")
	switch {
	case review.Decision == input.Revoke && by == nil:
		m.required("by", reviewHelp["by"])
	case review.Decision != input.Revoke && review.Decision != "" && by != nil:
		r.fail(by, m.at("by"), "has no effect with decision: %s; only a decision to revoke has a last day", review.Decision)
	case by != nil:
		day := r.date(by, m.at("by"))
		if !day.IsZero() && !review.From.IsZero() && day.AddDate(0, 0, 1).Before(review.From) {
			r.fail(by, m.at("by"), "is before the date of the review")
		}
		review.By = day.Format(time.DateOnly)
	}
}

func decisions() []string {
	var words []string
	for _, d := range input.Decisions() {
		words = append(words, string(d))
	}
	return words
}

// reviewsFile reads the reviews of one team.
func (r *reader) reviewsFile(n *yaml.Node) (team string, list []reviews.Review) {
	m, ok := r.mapping(n, "", reviewsFileKeys)
	if !ok {
		return "", nil
	}
	if name := m.required("team", "it is the name of the team"); name != nil {
		team = r.teamName(name, m.at("team"))
	}
	if all := m.get("reviews"); all != nil {
		list = r.reviews(all, m.at("reviews"))
	}
	return team, list
}

// ParseReviews reads the text of a file of the reviews of one team, as a configuration that
// has nothing else. Every error is of type Errors.
func ParseReviews(file string, data []byte) (*Config, error) {
	r := newReader(file)
	c := &Config{File: file, Dir: filepath.Dir(file)}
	if root := r.document(data); root != nil {
		_, c.Reviews = r.reviewsFile(root)
	}
	if len(r.errs) > 0 {
		return nil, sortErrors(r.errs)
	}
	return c, nil
}

// loadReviews reads the files of reviews, and makes them part of the digest of waivers.
func (c *Config) loadReviews(ctx context.Context) (err error) {
	c.WaiversDigest, err = c.readFiles(ctx, named(c.ReviewsFiles), "reviews.files", c.WaiversDigest, func(r *reader, root *yaml.Node, i int) {
		team, list := r.reviewsFile(root)
		c.ReviewsFiles[i].Team = team
		c.Reviews = append(c.Reviews, list...)
	})
	return err
}

// Reviewed returns the reviews as the rules take them; nil where the configuration has no
// such section.
func (c *Config) Reviewed() *reviews.Reviews {
	if c.Reviews == nil {
		return nil
	}
	return reviews.New(c.Reviews)
}

// ReviewWarnings names the reviews that are dated after the audit time, and do not count: a
// mistake, or the replay of an old inventory.
func (c *Config) ReviewWarnings(at time.Time) []string {
	var warnings []string
	for _, r := range c.Reviewed().Ahead(at) {
		warnings = append(warnings, fmt.Sprintf("%s:%d: the review of %s is dated %s, after the audit time %s, and does not count: take a later inventory or --at, or correct the date",
			r.Origin.File, r.Origin.Line, r.Token, r.Date, at.UTC().Format(time.RFC3339)))
	}
	return warnings
}

// ReviewsSchema returns the JSON Schema of a file of the reviews of one team.
func ReviewsSchema() ([]byte, error) {
	schema := closed(object{
		"team":    object{"type": "string", "minLength": 1, "maxLength": maxTeam, "description": "The name of the team."},
		"reviews": listSchema(reviewSchema()),
	}, "team")
	schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	schema["title"] = "The reviews of tokens of one team, for tokenaudit"
	return indented(schema)
}

func reviewSchema() object {
	properties := object{}
	for _, key := range reviewKeys {
		properties[key] = object{"type": "string", "minLength": 1, "description": reviewHelp[key]}
	}
	properties["decision"] = object{"enum": decisions(), "description": reviewHelp["decision"]}
	properties["by"] = object{"type": "string", "format": "date", "description": reviewHelp["by"]}
	schema := closed(properties, "token", "reviewer", "date", "decision", "note")
	schema["if"] = object{"properties": object{"decision": object{"const": string(input.Revoke)}}}
	schema["then"] = object{"required": []string{"by"}}
	schema["else"] = object{"not": object{"required": []string{"by"}}}
	return schema
}

func reviewsSchema() object {
	return object{"description": "Who looked at which token, and decided what: a list, or files of such lists, one for each team.",
		"anyOf": []any{filesSchema("Files of the reviews of one team, each."), listSchema(reviewSchema())}}
}
