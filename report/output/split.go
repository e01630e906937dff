package output

import (
	"fmt"
	"path/filepath"
	"strings"
	"unicode"

	"github.com/tokenaudit/tokenaudit/report/safetext"
)

// perOwner stands in the name of a file for the team whose part of the report it has.
const perOwner = "{owner}"

// maxTeamName bounds what the name of a file has of the name of a team, in characters.
const maxTeamName = 64

// Splits reports whether the output is split by team.
func (o Output) Splits() bool {
	return strings.Contains(filepath.Base(o.Path), perOwner) && o.Team == ""
}

// Split returns the outputs with one for each team in the place of those that are split by
// team, as {owner} in their names asks. teams are those of the report, with
// report.Unassigned; empty where nothing assigns tokens to teams. Two teams that would have
// one file are an error, and so is a file that is written twice.
func Split(outputs []Output, teams []string) ([]Output, error) {
	var all []Output
	for _, o := range outputs {
		if !o.Splits() {
			all = append(all, o)
			continue
		}
		if len(teams) == 0 {
			return nil, fmt.Errorf("-o %s=%s: the configuration assigns no tokens to teams; see owners", o.Format.Name, o.Path)
		}
		names := map[string]string{}
		for _, team := range teams {
			name := fileName(team)
			if name == "" {
				return nil, fmt.Errorf("-o %s=%s: the team %q has no letter or digit to name a file by", o.Format.Name, o.Path, safetext.OneLine(team))
			}
			// There are file systems that do not tell upper case from lower case.
			key := strings.ToLower(name)
			if other, taken := names[key]; taken {
				return nil, fmt.Errorf("-o %s=%s: the teams %q and %q would have the same file %s; rename one of them",
					o.Format.Name, o.Path, safetext.OneLine(other), safetext.OneLine(team), name)
			}
			names[key] = team
			part := o
			part.Team = team
			part.Path = filepath.Join(filepath.Dir(o.Path), strings.ReplaceAll(filepath.Base(o.Path), perOwner, name))
			all = append(all, part)
		}
	}
	if err := unclashed(all); err != nil {
		return nil, err
	}
	return all, nil
}

// unclashed refuses two outputs in one place.
func unclashed(outputs []Output) error {
	taken := map[string]string{}
	for _, o := range outputs {
		place := o.Path
		if place != Stdout {
			var err error
			if place, err = filepath.Abs(place); err != nil {
				return fmt.Errorf("output %q: %w", o.Path, err)
			}
		}
		if other, ok := taken[place]; ok {
			return clash(other, o)
		}
		taken[place] = o.Format.Name
	}
	return nil
}

// fileName returns what the name of a file can have of the name of a team: letters, digits,
// and single dots, underscores and dashes between them; everything else is a dash.
func fileName(team string) string {
	var b strings.Builder
	gap := ""
	for _, r := range safetext.CutRunes(team, maxTeamName) {
		switch {
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			b.WriteString(gap)
			b.WriteRune(r)
			gap = ""
		case b.Len() == 0: // no file is hidden, and none lies above its folder
		case gap == "" && (r == '.' || r == '_'):
			gap = string(r)
		default:
			gap = "-"
		}
	}
	return b.String()
}
