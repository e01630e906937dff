package leaks

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"

	"github.com/tokenaudit/tokenaudit/collectors/exposure/search"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/report"
	"github.com/tokenaudit/tokenaudit/report/format"
	"github.com/tokenaudit/tokenaudit/report/safetext"
	"github.com/tokenaudit/tokenaudit/report/table"
)

// schema names the version of the JSON output.
const schema = "tokenaudit/leaks/v1"

// formats are what -o takes.
var formats = []string{"table", "json", "sarif"}

// result is what a search comes to, as -o json prints it. No part of it is a secret, or
// the hash of one.
type result struct {
	Schema string `json:"schema"`
	// Found are sorted by token, file, commit and line.
	Found []place `json:"found"`
	// More counts the places beyond those that are named.
	More int `json:"more,omitempty"`
	// NotCompared are the active tokens whose secrets no list shows.
	NotCompared []notCompared `json:"not_compared"`
	// NotRead are the lists of tokens that could not be read.
	NotRead []notRead `json:"not_read"`
	// NotSearched says what could not be searched, one line each.
	NotSearched []string `json:"not_searched"`
	Files       int      `json:"files"`
	Bytes       int64    `json:"bytes"`

	// tokens are those that were compared, by id; all counts all that were read.
	tokens map[string]inventory.Token
	all    int
}

type place struct {
	search.Hit
	Name   string         `json:"token_name"`
	Kind   inventory.Kind `json:"kind"`
	CMS    string         `json:"cms"`
	Source string         `json:"source"`
}

type notCompared struct {
	Source string         `json:"source"`
	CMS    string         `json:"cms"`
	Kind   inventory.Kind `json:"kind"`
	Tokens int            `json:"tokens"`
}

type notRead struct {
	Source string               `json:"source"`
	List   string               `json:"list"`
	Error  inventory.ErrorClass `json:"error"`
	Detail string               `json:"detail"`
}

// finish takes in what a search has found.
func (r *result) finish(s *search.Search) {
	r.Schema, r.Found = schema, []place{}
	for _, hit := range s.Hits() {
		t := r.tokens[hit.Token]
		r.Found = append(r.Found, place{Hit: hit, Name: t.Name, Kind: t.Kind, CMS: t.CMS, Source: t.Source})
	}
	r.More, r.Files, r.Bytes = s.Unkept, s.Files, s.Bytes
	r.NotSearched = append([]string{}, s.Problems()...)
	r.NotCompared = append([]notCompared{}, r.NotCompared...)
	r.NotRead = append([]notRead{}, r.NotRead...)
	slices.SortFunc(r.NotCompared, func(a, b notCompared) int {
		return cmp.Or(cmp.Compare(a.Source, b.Source), cmp.Compare(a.Kind, b.Kind))
	})
	slices.SortFunc(r.NotRead, func(a, b notRead) int { return cmp.Or(cmp.Compare(a.Source, b.Source), cmp.Compare(a.List, b.List)) })
}

// exitCode is that of the program: see report.
func (r *result) exitCode() int {
	switch {
	case len(r.Found) > 0:
		return report.ExitFindings
	case len(r.NotCompared)+len(r.NotRead)+len(r.NotSearched) > 0 || r.all == 0:
		return report.ExitIncomplete
	}
	return report.ExitClean
}

// remarks are what stands in the way of "nothing has leaked", one line each.
func (r *result) remarks() []string {
	var lines []string
	if r.all == 0 && len(r.NotRead) == 0 {
		lines = append(lines, "no token was found")
	}
	for _, u := range r.NotRead {
		lines = append(lines, fmt.Sprintf("%s: %s: %s (%s)", safetext.OneLine(u.Source), u.List, safetext.OneLine(u.Detail), u.Error))
	}
	type group struct {
		cms  string
		kind inventory.Kind
	}
	hidden := map[group]int{}
	for _, n := range r.NotCompared {
		hidden[group{n.CMS, n.Kind}] += n.Tokens
	}
	groups := slices.SortedFunc(maps.Keys(hidden), func(a, b group) int { return cmp.Or(cmp.Compare(a.cms, b.cms), cmp.Compare(a.kind, b.kind)) })
	for _, g := range groups {
		lines = append(lines, fmt.Sprintf("not compared: %s of %s, whose secrets the lists do not show",
			safetext.Plural(hidden[g], fmt.Sprintf("active %s token", g.kind), fmt.Sprintf("active %s tokens", g.kind)), g.cms))
	}
	for _, problem := range r.NotSearched {
		lines = append(lines, "not searched: "+safetext.OneLine(problem))
	}
	return lines
}

func (r *result) summary(compared int) string {
	tokens := map[string]bool{}
	for _, p := range r.Found {
		tokens[p.Token] = true
	}
	return fmt.Sprintf("%s found in %s; looked for the secrets of %d of %s in %s, %d bytes",
		safetext.Plural(len(tokens), "leaked token", "leaked tokens"), safetext.Plural(len(r.Found)+r.More, "place", "places"), compared, safetext.Plural(r.all, "token", "tokens"), safetext.Plural(r.Files, "file", "files"), r.Bytes)
}

func (r *result) write(w io.Writer, name string, tool inventory.Tool, o format.Options) error {
	switch name {
	case "json":
		return safetext.WriteJSON(w, r)
	case "sarif":
		return safetext.WriteJSON(w, r.sarif(tool))
	}
	rows := make([][]string, len(r.Found))
	for i, p := range r.Found {
		rows[i] = []string{p.CMS, string(p.Kind), p.Name, p.where(), p.short(), p.Token}
	}
	return table.WriteTable(w, []table.Column{
		{Title: "CMS", Kind: table.ColumnWhole}, {Title: "KIND", Kind: table.ColumnWhole}, {Title: "NAME"}, {Title: "PLACE", Kind: table.ColumnProse},
		{Title: "COMMIT", Kind: table.ColumnWhole}, {Title: "TOKEN", Kind: table.ColumnID},
	}, rows, o)
}

// where is the place of a hit for people.
func (p place) where() string {
	if p.File == "" {
		return "message:" + strconv.Itoa(p.Line)
	}
	return p.File + ":" + strconv.Itoa(p.Line)
}

// short is the beginning of the id of a commit.
func (p place) short() string { return p.Commit[:min(len(p.Commit), 12)] }
