package engine

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/policies/output"
	"github.com/tokenaudit/tokenaudit/policies/reads"
)

// A ruleResult is what one rule made of one source.
type ruleResult struct {
	counts policies.Counts
	// teams are the counts of pairs by team, without those of no team; nil for none.
	teams    map[string]policies.Counts
	verdicts []policies.Verdict
	// notAsked: what the rule needs was not given for a token, or for the source.
	notAsked bool
	err      error
}

func (r *ruleResult) detail() string {
	return output.Cut(output.OneLine(r.err.Error()), output.MaxMessage)
}

// judge decides every pair of the rule: with each token, or with the source (as
// if it were token 0). It notes what decided in steps, unless that is nil.
func (e *Engine) judge(ctx context.Context, b *preparedSource, rule *ruleInForce, v *variant, steps []Step) *ruleResult {
	r := &ruleResult{}
	o, err := e.run(ctx, b, rule, v)
	r.err = err
	j := judgement{preparedSource: b, rule: rule, variant: v, engine: e, ruleResult: r}
	j.share()
	if rule.Subject == policies.SubjectSource {
		note(steps, 0, j.source(o))
		r.count(b.team, policies.Counts{})
		return r
	}
	for i := range b.source.Tokens {
		before := r.counts
		note(steps, i, j.token(i, o))
		r.count(b.derived[i].Team, before)
	}
	j.missingLists()
	return r
}

// count adds to a team what was counted since before.
func (r *ruleResult) count(team string, before policies.Counts) {
	if team == "" {
		return
	}
	if r.teams == nil {
		r.teams = map[string]policies.Counts{}
	}
	r.teams[team] = r.teams[team].Plus(r.counts.Minus(before))
}

func note(steps []Step, i int, step Step) {
	if steps != nil {
		steps[i] = step
	}
}

// judgement decides the pairs of one rule with one source or its tokens.
type judgement struct {
	*preparedSource
	rule    *ruleInForce
	variant *variant
	engine  *Engine
	// sharedNeeds and sharedNarrows say what is unknown of that on which every pass
	// rests, and every token that is left out; "" for nothing.
	sharedNeeds, sharedNarrows string
	*ruleResult
}

// token decides the pair with one token by the outcome of the rule, nil if it could
// not run, in the order that makes unknown never
// a pass and never a guess: kinds, applies, requires, deny, unknown, allow.
func (j *judgement) token(i int, o *output.Output) Step {
	token := &j.preparedSource.source.Tokens[i]
	switch {
	case !j.rule.Select.HasKind(token.Kind):
		return j.notApplicable(StepKinds)
	case !j.rule.Select.Has(j.preparedSource.source, token, &j.derived[i]):
		// Where only unknown facts keep a token out of a custom rule, it is not judged. A
		// built-in rule takes write access that could not be read for write access.
		if reason := j.unknownSelection(i, &j.rule.Select); reason != "" && j.rule.Custom {
			return j.notEvaluated(token.ID, reason, StepRequires)
		}
		return j.notApplicable(StepSelect)
	case cannotBeUsed(token) && j.rule.Facts().AboutUse():
		return j.notApplicable(StepPlanned)
	case !j.engine.given(j.rule, token):
		return j.notAskedOf()
	case o == nil:
		return j.notEvaluated(token.ID, j.couldNotRun(), StepError)
	case o.Applies != nil && !o.Applies[token.ID]:
		if reason := cmp.Or(j.rule.Narrows.Unknown(j.preparedSource.source, token, &j.derived[i]), j.sharedNarrows); reason != "" {
			return j.notEvaluated(token.ID, reason, StepRequires)
		}
		return j.notApplicable(StepApplies)
	}
	needs, later := j.rule.Needs, reads.FactBits(0)
	if token.Access.Assumed && j.rule.Reads&reads.Write != 0 {
		// A finding may rest on an assumed write, so what is unknown of the access
		// counts only if there is none.
		needs, later = needs&^reads.Access, needs&reads.Access
	}
	if reason := needs.Unknown(j.preparedSource.source, token, &j.derived[i]); reason != "" {
		return j.notEvaluated(token.ID, reason, StepRequires)
	}
	if reason := later.Unknown(j.preparedSource.source, token, &j.derived[i]); reason != "" && len(o.Deny[token.ID]) == 0 {
		return j.notEvaluated(token.ID, reason, StepRequires)
	}
	return j.decide(token.ID, o, func(f output.Finding) policies.Verdict { return j.tokenFinding(token, f) }, func() string {
		return cmp.Or(j.rule.PassNeeds.Unknown(j.preparedSource.source, token, &j.derived[i]), j.sharedNeeds)
	})
}

// cannotBeUsed: the token does not exist yet, or a plan alone tells of it. A rule about
// the use of tokens says nothing about such a one, unless its use is known because it
// exists already.
func cannotBeUsed(token *inventory.Token) bool {
	switch token.Planned {
	case inventory.PlannedCreate, inventory.PlannedReplace:
		return true
	case inventory.PlannedUpdate, inventory.PlannedUnchanged:
		return token.LastUsed.State == inventory.LastUsedUnknown
	}
	return false
}

// given reports whether there is what the rule judges with. Without it the question is not
// asked of the token, and nothing passes. token is nil for a rule about sources, which is
// never one that judges with leaks.
func (e *Engine) given(rule *ruleInForce, token *inventory.Token) bool {
	switch rule.OnlyWith {
	case policies.GivenLeaks:
		return token.Exposure != nil
	case policies.GivenOwners:
		return len(e.owners) > 0
	case policies.GivenReviews:
		return e.reviews != nil
	}
	return true
}

// givenForAny reports whether there is what the rule judges with for any pair with the source.
func (e *Engine) givenForAny(b *preparedSource, rule *ruleInForce) bool {
	if rule.Subject == policies.SubjectSource {
		return e.given(rule, nil)
	}
	for i := range b.source.Tokens {
		if e.given(rule, &b.source.Tokens[i]) {
			return true
		}
	}
	return false
}

func (j *judgement) notAskedOf() Step {
	j.notAsked = true
	return j.notApplicable(StepGiven)
}

// source decides the one pair with the source. What the rule has proven stands,
// whatever list is missing; only a pass needs the lists.
func (j *judgement) source(o *output.Output) Step {
	source := j.preparedSource.source
	if !j.concernsSource() {
		return j.notApplicable(StepKinds)
	}
	if !j.rule.Select.HasSource(source) {
		return j.notApplicable(StepSelect)
	}
	if !j.engine.given(j.rule, nil) {
		return j.notAskedOf()
	}
	if o == nil {
		return j.notEvaluated("", j.couldNotRun(), StepError)
	}
	if o.Applies != nil && !o.Applies[source.ID] {
		if j.sharedNarrows != "" {
			return j.notEvaluated("", j.sharedNarrows, StepRequires)
		}
		return j.notApplicable(StepApplies)
	}
	if reasons := j.missing(); len(reasons) > 0 && len(o.Deny) == 0 {
		return j.notEvaluated("", strings.Join(reasons, "; "), StepUnits)
	}
	for i := range source.Tokens {
		token := &source.Tokens[i]
		if !j.rule.Select.Has(source, token, &j.derived[i]) {
			continue
		}
		if reason := j.rule.Needs.Unknown(source, token, &j.derived[i]); reason != "" {
			return j.notEvaluated("", fmt.Sprintf("of token %q: %s", token.Name, reason), StepRequires)
		}
	}
	return j.decide("", o.Joined(), func(f output.Finding) policies.Verdict {
		if i, ok := j.place[f.Token]; ok {
			return j.tokenFinding(&source.Tokens[i], f)
		}
		return j.finding(source.ID, "", f)
	}, func() string { return j.sharedNeeds })
}

// share finds what is unknown of that on which every verdict of the rule rests.
func (j *judgement) share() {
	undecided := ""
	if j.rule.Custom && j.rule.Compares {
		undecided = j.undecided()
	}
	j.sharedNeeds = cmp.Or(undecided, j.unknownOf(j.rule.SharedNeeds))
	j.sharedNarrows = cmp.Or(undecided, j.unknownOf(j.rule.SharedNarrows))
}

// undecided says why it is not known of a token whether the rule selects it; "" if all
// are decided.
func (j *judgement) undecided() string {
	for i := range j.preparedSource.source.Tokens {
		if reason := j.unknownSelection(i, &j.rule.Select); reason != "" {
			return fmt.Sprintf("of token %q: %s", j.preparedSource.source.Tokens[i].Name, reason)
		}
	}
	return ""
}

// unknownOf says why a part of any token, or of the source, is unknown; "" if all are known.
func (j *judgement) unknownOf(read reads.FactBits) string {
	if read == 0 {
		return ""
	}
	for i := range j.preparedSource.source.Tokens {
		token := &j.preparedSource.source.Tokens[i]
		if reason := read.Unknown(j.preparedSource.source, token, &j.derived[i]); reason != "" {
			return fmt.Sprintf("of token %q: %s", token.Name, reason)
		}
	}
	return read.UnknownOfSource(j.preparedSource.source)
}

// decide counts the pair by the output sets and keeps what a report shows. doubt says
// what of that which a pass rests on is unknown.
func (j *judgement) decide(id string, o *output.Output, fail func(output.Finding) policies.Verdict, doubt func() string) Step {
	if denied := o.Deny[id]; len(denied) > 0 {
		j.fail(denied, fail)
		return StepDeny
	}
	if unknown := o.Unknown[id]; len(unknown) > 0 {
		reasons := make([]string, 0, len(unknown))
		for _, f := range unknown {
			if !slices.Contains(reasons, f.Message) {
				reasons = append(reasons, f.Message)
			}
		}
		return j.notEvaluated(id, output.Cut(strings.Join(reasons, "; "), output.MaxMessage), StepUnknown)
	}
	if reason := doubt(); reason != "" {
		return j.notEvaluated(id, reason, StepRequires)
	}
	j.counts.Pass++
	for _, f := range o.Allow[id] {
		j.keep(policies.Verdict{Token: f.Token, Status: policies.Pass, Message: f.Message})
	}
	if len(o.Allow[id]) > 0 {
		return StepAllow
	}
	return StepPass
}

// fail keeps the findings of a pair. The pair is waived only if all of them are.
func (j *judgement) fail(denied []output.Finding, verdict func(output.Finding) policies.Verdict) {
	waived := true
	for _, f := range denied {
		v := verdict(f)
		waived = waived && v.Status == policies.Waived
		j.keep(v)
	}
	if waived {
		j.counts.Waived++
	} else {
		j.counts.Fail++
	}
}

// tokenFinding adds to a finding what the rule cannot know of: that the write
// access it rests on is assumed, and where a planned token is declared.
func (j *judgement) tokenFinding(token *inventory.Token, f output.Finding) policies.Verdict {
	if token.Access.Assumed && j.rule.Reads&reads.Write != 0 {
		f.Add("assumed", true)
		f.Message = output.Cut(fmt.Sprintf("%s (write access is assumed: %s)", f.Message, orUnread(token.Access.Reason)), output.MaxMessage)
	}
	if token.Planned != "" && token.Address != "" {
		f.Add("address", token.Address)
	}
	f.Token = token.ID
	return j.finding(token.ID, token.Name, f)
}

func (j *judgement) finding(subject, name string, f output.Finding) policies.Verdict {
	v := policies.Verdict{Token: f.Token, Status: policies.Fail, Message: f.Message, Key: f.Key, Evidence: f.Evidence}
	if waiver := j.engine.waiverFor(&j.rule.Rule.Rule, policies.Waivable{Rule: j.rule.ID, Subject: subject, Name: name, Key: f.Key}, j.at); waiver != nil {
		v.Status, v.Waiver = policies.Waived, waiver
	}
	return v
}

func orUnread(reason string) string {
	if reason == "" {
		return "it could not be read"
	}
	return reason
}

func (j *judgement) notApplicable(step Step) Step {
	j.counts.NotApplicable++
	return step
}

func (j *judgement) notEvaluated(token, reason string, step Step) Step {
	j.counts.NotEvaluated++
	j.keep(policies.Verdict{Token: token, Status: policies.NotEvaluated, Reason: reason})
	return step
}

func (j *judgement) keep(v policies.Verdict) {
	v.Rule, v.Source, v.Severity = j.rule.ID, j.preparedSource.source.ID, j.variant.severity
	j.verdicts = append(j.verdicts, v)
}

func (j *judgement) couldNotRun() string { return "the rule could not run: " + j.detail() }

// missingLists adds, for a rule about tokens, one pair for each list of its
// kinds that was not read completely: nobody knows how many tokens it holds, so it
// counts once, as not evaluated, and the rule cannot seem to have passed.
func (j *judgement) missingLists() {
	for _, reason := range j.missing() {
		j.notEvaluated("", reason, StepUnits)
	}
}

// missing says which lists of the rule's kinds were not read whole, and why.
func (j *judgement) missing() []string {
	var reasons []string
	units := j.preparedSource.source.Units
	for i := range units {
		if units[i].Status != inventory.UnitComplete && slices.ContainsFunc(units[i].Kinds, j.rule.Select.HasKind) {
			reasons = append(reasons, reads.UnreadList(&units[i]))
		}
	}
	return reasons
}

// concernsSource: a rule about a source says nothing where there are neither
// tokens of its kinds nor a list that could hold them.
func (j *judgement) concernsSource() bool {
	source := j.preparedSource.source
	if len(j.rule.Select.Kinds) == 0 {
		return true
	}
	for i := range source.Units {
		if slices.ContainsFunc(source.Units[i].Kinds, j.rule.Select.HasKind) {
			return true
		}
	}
	return slices.ContainsFunc(source.Tokens, func(t inventory.Token) bool { return j.rule.Select.HasKind(t.Kind) })
}
