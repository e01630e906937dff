package config

import (
	"context"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/tokenaudit/tokenaudit/policies/owners"
)

// maxTeam bounds the name of a team, in characters.
const maxTeam = 100

var (
	teamKeys    = []string{"team", "owns"}
	patternHelp = map[string]string{"source": "A glob on the ids and names of sources.", "token": "A glob on the ids of tokens.", "name": "A glob on the names of tokens.", "label": "A label of the source, KEY=VALUE, in which the value is a glob.", "owner": "A glob on the ids and names of the owners that the CMS tells."}
)

// owners reads what teams answer for: a list of teams, or the names of their files.
func (r *reader) owners(n *yaml.Node) (owners.Patterns, []NamedFile) {
	if r.follow(n).Kind != yaml.MappingNode {
		var all owners.Patterns
		for i, e := range r.sequence(n, "owners") {
			all = append(all, r.team(e, index("owners", i))...)
		}
		return all, nil
	}
	return nil, r.files(n, "owners", "it lists the files of the teams; without files, owners is a list of teams")
}

// team reads a team and its patterns.
func (r *reader) team(n *yaml.Node, path string) owners.Patterns {
	m, ok := r.mapping(n, path, teamKeys)
	if !ok {
		return nil
	}
	team := ""
	if name := m.required("team", "it is the name of the team"); name != nil {
		team = r.teamName(name, m.at("team"))
	}
	list := m.required("owns", "it lists the patterns of what the team answers for")
	if list == nil {
		return nil
	}
	var all owners.Patterns
	for i, e := range r.filled(list, m.at("owns")) {
		if p, ok := r.pattern(e, index(m.at("owns"), i)); ok {
			p.Team = team
			all = append(all, p)
		}
	}
	return all
}

func (r *reader) teamName(n *yaml.Node, path string) string {
	team := strings.TrimSpace(r.word(n, path))
	switch {
	case team == owners.Unassigned:
		r.fail(n, path, "must not be %s, which means no team", owners.Unassigned)
	case utf8.RuneCountInString(team) > maxTeam:
		r.fail(n, path, "is longer than %d characters", maxTeam)
	}
	return team
}

func (r *reader) pattern(n *yaml.Node, path string) (owners.Pattern, bool) {
	p := owners.Pattern{Origin: r.origin(n)}
	before := len(r.errs)
	m, ok := r.mapping(n, path, owners.Keys())
	if !ok {
		return p, false
	}
	for key, into := range map[string]*string{"source": &p.Source, "token": &p.Token, "name": &p.Name, "label": &p.Label, "owner": &p.Owner} {
		if value := m.get(key); value != nil {
			*into = r.word(value, m.at(key))
		}
	}
	if key, value, ok := strings.Cut(p.Label, "="); p.Label != "" && (!ok || key == "" || value == "") {
		r.fail(m.get("label"), m.at("label"), "must be KEY=VALUE, for example team=web")
	}
	if len(m.keys) == 0 && !m.misspelt {
		r.fail(n, path, "matches everything; name what it matches by %s, such as source: \"*\"", list(owners.Keys(), "or"))
	}
	return p, len(r.errs) == before
}

// loadOwners reads the files of the teams, and makes them part of the digest.
func (c *Config) loadOwners(ctx context.Context) (err error) {
	c.Digest, err = c.readFiles(ctx, c.OwnersFiles, "owners.files", c.Digest, func(r *reader, root *yaml.Node, _ int) {
		c.Owners = append(c.Owners, r.team(root, "")...)
	})
	return err
}

// OwnersSchema returns the JSON Schema of a file of what one team answers for.
func OwnersSchema() ([]byte, error) {
	schema := teamSchema()
	schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	schema["title"] = "What one team answers for, for tokenaudit"
	return indented(schema)
}

func teamSchema() object {
	properties := object{}
	for _, key := range owners.Keys() {
		properties[key] = object{"type": "string", "minLength": 1, "description": patternHelp[key] + " Only * is special."}
	}
	label, _ := properties["label"].(object)
	label["pattern"] = "^[^=]+=."
	pattern := closed(properties)
	pattern["minProperties"] = 1
	return closed(object{
		"team": object{"type": "string", "minLength": 1, "maxLength": maxTeam, "not": object{"const": owners.Unassigned}, "description": "The name of the team."},
		"owns": object{"type": "array", "minItems": 1, "items": pattern, "description": "What the team answers for; a token matches all keys of a pattern. Of all patterns of all teams, the last one that matches wins."},
	}, teamKeys...)
}

func ownersSchema() object {
	return object{"description": "What teams answer for: a list of teams, or their files.",
		"anyOf": []any{filesSchema("Files of what one team answers for, each."), object{"type": []string{"array", "null"}, "items": teamSchema()}}}
}
