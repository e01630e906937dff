package config

import (
	"context"
	"path/filepath"
	"slices"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/report"
)

var (
	signatureKeys    = []string{"reason", "owner", "approved_by", "expires"}
	waiverKeys       = append([]string{"rule", "token", "name", "key"}, signatureKeys...)
	acceptedGapKeys  = append([]string{"source", "unit"}, signatureKeys...)
	waiversFileKeys  = []string{"team", "waivers", "accept_gaps", "accept_empty"}
	missingSignature = map[string]string{
		"rule":        "it is a rule id or a glob",
		"token":       "it is a token id or a glob",
		"name":        "it is the name of a token, or a glob",
		"key":         "it is the key of the one finding that is waived, as a report has it; without one, every finding of the rule on the token is",
		"source":      "it is a source id or a glob",
		"unit":        "it is the list that cannot be read, or is empty, as a report names it",
		"reason":      "it says why this is acceptable",
		"owner":       "it says who must remove the cause",
		"approved_by": "it says who accepted the risk",
		"expires":     "it is the last day, YYYY-MM-DD",
	}
)

// expiry is the last day of a waiver or an accepted gap, and where it is written.
type expiry struct {
	file string
	line int
	key  string
	// day is YYYY-MM-DD.
	day string
}

// optionalSignature are the keys of a waiver that may be left out.
var optionalSignature = []string{"name", "key"}

// signed reads a mapping of what is waived, for which reason, who owns it, who
// approved it, and until when. All keys but optionalSignature are required.
func (r *reader) signed(n *yaml.Node, path string, keys []string) (map[string]string, bool) {
	before := len(r.errs)
	m, ok := r.mapping(n, path, keys)
	if !ok {
		return nil, false
	}
	values := make(map[string]string, len(keys))
	for _, key := range keys {
		node := m.get(key)
		if !slices.Contains(optionalSignature, key) {
			node = m.required(key, missingSignature[key])
		}
		switch {
		case node == nil:
		case key == "expires":
			if d := r.date(node, m.at(key)); !d.IsZero() {
				values[key] = d.Format(time.DateOnly)
				r.expiries = append(r.expiries, expiry{r.file, node.Line, m.at(key), values[key]})
			}
		default:
			values[key], _ = r.text(node, m.at(key), key == "reason")
		}
	}
	return values, len(r.errs) == before
}

// waiversOrFiles reads waivers: a list of them, or the names of the files of the teams.
func (r *reader) waiversOrFiles(n *yaml.Node) ([]policies.Waiver, []TeamFile) {
	if r.follow(n).Kind != yaml.MappingNode {
		return r.waivers(n, "waivers"), nil
	}
	return nil, r.teamFiles(n, "waivers")
}

// waiversFile reads what one team has waived and accepted.
func (r *reader) waiversFile(n *yaml.Node) (team string, waivers []policies.Waiver, gaps []report.AcceptedGap) {
	m, ok := r.mapping(n, "", waiversFileKeys)
	if !ok {
		return "", nil, nil
	}
	if name := m.required("team", "it is the name of the team"); name != nil {
		team = r.teamName(name, m.at("team"))
	}
	if list := m.get("waivers"); list != nil {
		waivers = r.waivers(list, m.at("waivers"))
	}
	return team, waivers, r.acceptGaps(m)
}

// ParseWaivers reads the text of a file of what one team has waived and accepted, as a
// configuration that has nothing else. Every error is of type Errors.
func ParseWaivers(file string, data []byte) (*Config, error) {
	r := newReader(file)
	c := &Config{File: file, Dir: filepath.Dir(file)}
	if root := r.document(data); root != nil {
		_, c.Waivers, c.AcceptGaps = r.waiversFile(root)
	}
	if len(r.errs) > 0 {
		return nil, sortErrors(r.errs)
	}
	c.expiries = r.expiries
	return c, nil
}

// loadWaivers reads the files of waivers, and makes them part of the digest of waivers.
func (c *Config) loadWaivers(ctx context.Context) (err error) {
	c.WaiversDigest, err = c.readFiles(ctx, named(c.WaiversFiles), "waivers.files", c.WaiversDigest, func(r *reader, root *yaml.Node, i int) {
		team, waivers, gaps := r.waiversFile(root)
		c.WaiversFiles[i].Team = team
		c.Waivers, c.AcceptGaps = append(c.Waivers, waivers...), append(c.AcceptGaps, gaps...)
	})
	return err
}

func (r *reader) waivers(n *yaml.Node, path string) []policies.Waiver {
	var out []policies.Waiver
	for i, e := range r.sequence(n, path) {
		if v, ok := r.signed(e, index(path, i), waiverKeys); ok {
			out = append(out, policies.Waiver{
				Rule: v["rule"], Token: v["token"], Name: v["name"], Key: v["key"], Reason: v["reason"], Owner: v["owner"],
				ApprovedBy: v["approved_by"], Expires: v["expires"], Origin: r.origin(e),
			})
		}
	}
	return out
}

// acceptGaps reads accept_gaps, then accept_empty.
func (r *reader) acceptGaps(m *mapping) []report.AcceptedGap {
	return append(r.acceptances(m, "accept_gaps", false), r.acceptances(m, "accept_empty", true)...)
}

func (r *reader) acceptances(m *mapping, key string, empty bool) []report.AcceptedGap {
	var out []report.AcceptedGap
	n := m.get(key)
	if n == nil {
		return nil
	}
	for i, e := range r.sequence(n, m.at(key)) {
		if v, ok := r.signed(e, index(m.at(key), i), acceptedGapKeys); ok {
			out = append(out, report.AcceptedGap{
				Empty: empty, Source: v["source"], Unit: v["unit"], Reason: v["reason"], Owner: v["owner"],
				ApprovedBy: v["approved_by"], Expires: v["expires"], Origin: r.origin(e),
			})
		}
	}
	return out
}

// WaiversSchema returns the JSON Schema of a file of what one team has waived and accepted.
func WaiversSchema() ([]byte, error) {
	schema := closed(object{
		"team":        object{"type": "string", "minLength": 1, "maxLength": maxTeam, "description": "The name of the team."},
		"waivers":     listSchema(signedSchema(waiverKeys)),
		"accept_gaps": listSchema(signedSchema(acceptedGapKeys)), "accept_empty": listSchema(signedSchema(acceptedGapKeys)),
	}, "team")
	schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	schema["title"] = "What one team has waived and accepted, for tokenaudit"
	return indented(schema)
}

func waiversSchema() object {
	return object{"description": "Findings that are accepted until a day: a list, or files of such lists, one for each team.",
		"anyOf": []any{filesSchema("Files of what one team has waived and accepted, each."), listSchema(signedSchema(waiverKeys))}}
}
