package report

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/collectors/labels"
	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/policies/input"
)

// MaxLabelled is how many combinations of labels and teams are counted apart: a
// configuration has a few, an inventory from outside may have one for each of its sources.
const MaxLabelled = 512

// groups returns the verdicts of a source by what a part of a report can be selected by:
// the labels, and, where there are teams, the team.
func (b *Builder) groups(source *inventory.Source, result *policies.Result) []Labelled {
	whole := Labelled{Labels: orEmpty(source.Labels), Statuses: result.Counts}
	if len(b.options.Teams) == 0 {
		if len(source.Labels) == 0 {
			return nil
		}
		return []Labelled{whole}
	}
	rest := maps.Clone(result.Counts)
	take := func(statuses map[string]policies.Counts) map[string]policies.Counts {
		for rule, counts := range statuses {
			rest[rule] = rest[rule].Minus(counts)
		}
		return statuses
	}
	var groups []Labelled
	if unread := take(b.unread(result)); len(unread) > 0 {
		groups = append(groups, Labelled{Labels: whole.Labels, Unread: true, Statuses: unread})
	}
	tokens := tokensOf(result.Derived)
	for _, team := range b.options.Teams {
		if len(result.Teams[team]) == 0 && tokens[team] == 0 {
			continue
		}
		group := Labelled{Labels: whole.Labels, Team: team, Statuses: take(result.Teams[team])}
		if n := tokens[team]; n > 0 {
			group.Tokens = map[string]int{source.ID: n}
		}
		groups = append(groups, group)
	}
	return append(groups, Labelled{Labels: whole.Labels, Statuses: rest})
}

// tokensOf counts the tokens of each team.
func tokensOf(derived []input.Derived) map[string]int {
	tokens := map[string]int{}
	for i := range derived {
		tokens[derived[i].Team]++
	}
	return tokens
}

// unread counts the verdicts that are about lists that were not read, and so about no team.
func (b *Builder) unread(result *policies.Result) map[string]policies.Counts {
	statuses := map[string]policies.Counts{}
	for i := range result.Verdicts {
		if v := &result.Verdicts[i]; b.aboutUnread(v) {
			statuses[v.Rule] = statuses[v.Rule].Plus(policies.Counts{NotEvaluated: 1})
		}
	}
	return statuses
}

// aboutUnread reports whether a verdict is about a list that was not read: a rule about
// tokens has no token to judge in it.
func (b *Builder) aboutUnread(v *policies.Verdict) bool {
	return v.Status == policies.NotEvaluated && v.Token == "" && b.rules[v.Rule].Subject == policies.SubjectToken
}

// labelledCounts counts verdicts by the labels of their sources and by team. The zero
// value is ready for use.
type labelledCounts struct {
	groups map[string]*Labelled
	// lost: there are too many combinations, or the counts of some are not known.
	lost bool
}

func (l *labelledCounts) add(of Labelled) {
	if l.lost {
		return
	}
	key := of.key()
	group, ok := l.groups[key]
	if !ok {
		if len(l.groups) == MaxLabelled {
			l.groups, l.lost = nil, true
			return
		}
		if l.groups == nil {
			l.groups = map[string]*Labelled{}
		}
		group = &Labelled{Labels: orEmpty(of.Labels), Team: of.Team, Unread: of.Unread, Statuses: map[string]policies.Counts{}}
		l.groups[key] = group
	}
	for source, n := range of.Tokens {
		if group.Tokens == nil {
			group.Tokens = map[string]int{}
		}
		group.Tokens[source] += n
	}
	for rule, counts := range of.Statuses {
		if counts != (policies.Counts{}) {
			group.Statuses[rule] = group.Statuses[rule].Plus(counts)
		}
	}
}

// join adds those of a report.
func (l *labelledCounts) join(r *Report) {
	for _, group := range r.Labelled {
		l.add(group)
	}
	if len(r.Labelled) == 0 && slices.ContainsFunc(r.Sources, func(s Source) bool { return len(s.Labels) > 0 || len(r.Teams) > 0 }) {
		l.groups, l.lost = nil, true
	}
}

// JoinLabelled adds up the verdicts by label and team of the parts of a run; nil where one of
// them does not have its own.
func JoinLabelled(parts []*Report) []Labelled {
	var all labelledCounts
	for _, part := range parts {
		all.join(part)
	}
	return all.list()
}

// list returns the groups by their labels and teams; nil for none.
func (l *labelledCounts) list() []Labelled {
	var list []Labelled
	for _, key := range slices.Sorted(maps.Keys(l.groups)) {
		list = append(list, *l.groups[key])
	}
	return list
}

func labelsKey(of map[string]string) string {
	return strings.Join(labels.Texts(of), "\x00")
}

// key identifies the group among those of a report.
func (l *Labelled) key() string {
	return labelsKey(l.Labels) + "\x01" + l.Team + "\x01" + strconv.FormatBool(l.Unread)
}

// checkLabelled reports what is wrong with the counts by label and team: they cannot
// exceed those of the rules and sources, nor be of labels that no source has.
func checkLabelled(r *Report) error {
	known, tokens := map[string]bool{}, map[string]int{}
	for i := range r.Sources {
		known[labelsKey(r.Sources[i].Labels)] = true
		tokens[r.Sources[i].ID] = r.Sources[i].Tokens
	}
	seen := map[string]bool{}
	sums := map[string]policies.Counts{}
	for i, group := range r.Labelled {
		key := group.key()
		if !known[labelsKey(group.Labels)] || seen[key] {
			return fmt.Errorf("/labelled/%d has labels that no source has, or is duplicated", i)
		}
		seen[key] = true
		for source, n := range group.Tokens {
			if tokens[source] -= n; tokens[source] < 0 {
				return fmt.Errorf("/labelled/%d counts more tokens than /sources", i)
			}
		}
		for rule, counts := range group.Statuses {
			sums[rule] = sums[rule].Plus(counts)
		}
	}
	for i := range r.Rules {
		sum, all := sums[r.Rules[i].ID], r.Rules[i].Statuses
		if sum.Fail > all.Fail || sum.Pass > all.Pass || sum.NotEvaluated > all.NotEvaluated || sum.NotApplicable > all.NotApplicable || sum.Waived > all.Waived {
			return fmt.Errorf("/labelled counts more verdicts of the rule %s than /rules/%d", r.Rules[i].ID, i)
		}
		delete(sums, r.Rules[i].ID)
	}
	if len(sums) > 0 {
		return errors.New("/labelled counts verdicts of a rule that was not loaded")
	}
	return nil
}
