package engine

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/policies"
)

// A ruleCase is one token, or one source, and what a rule must say of it. The
// source rules judge the source that has the token as its only one.
type ruleCase struct {
	name   string
	token  []change
	source func(*inventory.Source)
	want   policies.Status
	// says is part of the message or reason.
	says string
}

func (c ruleCase) build() inventory.Source {
	source := aSource(aToken("contentstack/stacks/blt1/management_tokens/a", c.token...))
	if c.source != nil {
		c.source(&source)
	}
	return source
}

// Small changes that make cases.
func kind(k inventory.Kind) change { return func(token *inventory.Token) { token.Kind = k } }

func level(l inventory.Level) change {
	return func(token *inventory.Token) {
		token.Access = inventory.NewAccess(l, inventory.No)
	}
}

func unread(token *inventory.Token) {
	token.Access = inventory.AssumedAccess("the role is hidden", inventory.Unknown)
}

func expires(days int) change {
	return func(token *inventory.Token) {
		token.Expiry = inventory.Expiry{State: inventory.ExpiryAt, At: auditTime.AddDate(0, 0, days), Precision: inventory.PrecisionInstant, Supported: true}
	}
}

func expiryUnknown(token *inventory.Token) {
	token.Expiry = inventory.Expiry{State: inventory.ExpiryUnknown, Supported: true, Reason: "expiry is hidden"}
}

func neverSupported(token *inventory.Token) {
	token.Expiry = inventory.Expiry{State: inventory.ExpiryNever}
}

func revoked(token *inventory.Token) { token.RevokedAt = at(daysAgo(1)) }

func created(days int) change {
	return func(token *inventory.Token) { token.CreatedAt = at(daysAgo(days)) }
}

func updated(t inventory.Timestamp) change {
	return func(token *inventory.Token) { token.UpdatedAt = t }
}

// id is what the id of the token ends in, by which reviewed has reviews of it.
func id(end string) change {
	return func(token *inventory.Token) { token.ID = "contentstack/stacks/blt1/management_tokens/" + end }
}

func createdUnknown(token *inventory.Token) {
	token.CreatedAt = inventory.UnknownTime("creation is hidden")
}

// seen bounds the creation: at least newest days ago, and at most oldest unless that is 0.
func seen(newest, oldest int) change {
	return func(token *inventory.Token) {
		token.FirstSeen = &inventory.FirstSeen{At: daysAgo(newest)}
		if oldest > 0 {
			token.FirstSeen.NotBefore = daysAgo(oldest)
		}
	}
}

func used(use inventory.LastUsed) change {
	return func(token *inventory.Token) { token.LastUsed = use }
}

func usedDaysAgo(days int) change { return used(inventory.UsedAt(daysAgo(days))) }

func between(oldest, newest int) change {
	return used(inventory.UsedBetween(daysAgo(oldest), daysAgo(newest)))
}

func opens(state inventory.ScopeState, ids ...string) change {
	return func(token *inventory.Token) {
		scope := inventory.Scope{State: state, Items: []inventory.ScopeItem{}, Effective: len(ids)}
		if state == inventory.ScopeUnknown {
			scope.Reason, scope.Effective = "scope is hidden", 0
		}
		for _, id := range ids {
			scope.Items = append(scope.Items, inventory.ScopeItem{ID: id, Primary: inventory.No, Exists: inventory.Yes})
		}
		token.Environments = scope
	}
}

func exists(yes inventory.Ternary) change {
	return func(token *inventory.Token) { token.Environments.Items[0].Exists = yes }
}

func apis(list ...inventory.API) change { return func(token *inventory.Token) { token.APIs = list } }

func grants(list ...string) change {
	return func(token *inventory.Token) { token.Access.Grants = list }
}

func manages(yes inventory.Ternary) change {
	return func(token *inventory.Token) { token.Access.ManagesTokens = yes }
}

func person(state inventory.OwnerState, idleDays int) change {
	return func(token *inventory.Token) {
		token.Kind = inventory.Personal
		token.Owner = inventory.Owner{Type: inventory.OwnerPerson, ID: "u1", Name: "Ada", State: state, Level: inventory.LevelWrite, LastActive: at(daysAgo(idleDays))}
	}
}

func ownerUnknown(token *inventory.Token) {
	token.Owner = inventory.Owner{
		Type: inventory.OwnerUnknown, State: inventory.OwnerStateUnknown, Level: inventory.LevelUnknown,
		LastActive: inventory.UnknownTime("owner is hidden"), Reason: "owner is hidden",
	}
}

// leaked is found by a scanner, by these matches.
func leaked(matches ...inventory.LeakMatch) change {
	return func(token *inventory.Token) {
		token.Exposure = &inventory.Exposure{State: inventory.ExposureFound}
		for _, match := range matches {
			token.Exposure.Found = append(token.Exposure.Found, inventory.Leak{Tool: "gitleaks", File: "web/.env", Line: 3, Match: match})
		}
	}
}

func exposureUnknown(token *inventory.Token) {
	token.Exposure = &inventory.Exposure{State: inventory.ExposureUnknown, Reason: "secrets are hidden"}
}

func neverCompared(token *inventory.Token) { token.Exposure = nil }

// hinted is a personal token of Contentful.
func hinted(token *inventory.Token) {
	token.CMS, token.Kind, token.Secret.Hint = "contentful", inventory.Personal, "9f3a"
}

func traits(factory, notifies inventory.Ternary) change {
	return func(token *inventory.Token) {
		token.Traits = inventory.Traits{Factory: factory, NotifiesBeforeExpiry: notifies}
	}
}

func managementUse(use inventory.LastUsed) change {
	return func(token *inventory.Token) {
		token.APIs = []inventory.API{inventory.ContentDelivery, inventory.ContentManagement}
		token.LastUsedByAPI = map[inventory.API]inventory.LastUsed{inventory.ContentManagement: use}
	}
}

func described(words string) change {
	return func(token *inventory.Token) { token.Description = words }
}

func named(name string) change { return func(token *inventory.Token) { token.Name = name } }

func ofCMS(cms string) change { return func(token *inventory.Token) { token.CMS = cms } }

func silentAbout(fact inventory.Fact, reason string) func(*inventory.Source) {
	return func(source *inventory.Source) {
		source.Facts[fact] = inventory.FactSupport{Reported: inventory.SupportNo, Reason: reason}
	}
}

// inPartAbout: the CMS reports a fact of some tokens alone.
func inPartAbout(fact inventory.Fact, reason string) func(*inventory.Source) {
	return func(source *inventory.Source) { source.Facts[fact] = inventory.ReportedPartly(reason) }
}

func unreadLists(source *inventory.Source) {
	for i := range source.Units {
		source.Units[i].Status, source.Units[i].Error = inventory.UnitFailed, inventory.ErrPermissionDenied
	}
}

// with makes several changes to a source.
func with(changes ...func(*inventory.Source)) func(*inventory.Source) {
	return func(source *inventory.Source) {
		for _, change := range changes {
			change(source)
		}
	}
}

func auditor(secrets, writes, necessary inventory.Ternary) func(*inventory.Source) {
	return func(source *inventory.Source) {
		source.Auditor = inventory.Auditor{ReadsSecrets: secrets, Writes: writes, Necessary: necessary}
	}
}

// ownToken makes the token that of the scan itself.
func ownToken(source *inventory.Source) { source.Auditor.Token = source.Tokens[0].ID }

func twinned(preview, delivery change) func(*inventory.Source) {
	return func(source *inventory.Source) {
		source.Tokens = []inventory.Token{
			aToken("d", delivering, delivery),
			aToken("p", delivering, preview, kind(inventory.Preview), apis(inventory.ContentPreview), func(token *inventory.Token) { token.Twin = "d" }),
		}
	}
}

func copies(n int, changes ...change) func(*inventory.Source) {
	return func(source *inventory.Source) {
		source.Tokens = nil
		for i := range n {
			token := aToken(fmt.Sprintf("t%02d", i), changes...)
			token.CreatedAt = at(daysAgo(100 - i))
			source.Tokens = append(source.Tokens, token)
		}
	}
}

// planWith makes the source a plan whose code holds these literals.
func planWith(literals ...inventory.Literal) func(*inventory.Source) {
	return func(s *inventory.Source) { s.Kind, s.Literals = inventory.KindPlan, literals }
}

// check judges the last token of the case's source, or the source.
func (c ruleCase) check(t *testing.T, e *Engine, rule policies.Rule) {
	source := c.build()
	r := evaluate(t, e, source)
	if len(source.Tokens) == 0 || rule.Subject == policies.SubjectSource {
		status, v := onlyStatus(r.Counts[rule.ID]), lastVerdict(r, rule.ID)
		c.compare(t, status, v)
		return
	}
	id := source.Tokens[len(source.Tokens)-1].ID
	x, err := e.Explain(t.Context(), source, rule.ID, id, auditTime)
	if err != nil {
		t.Fatal(err)
	}
	var v policies.Verdict
	if len(x.Verdicts) > 0 {
		v = x.Verdicts[0]
	}
	c.compare(t, x.Status, v)
}

func (c ruleCase) compare(t *testing.T, status policies.Status, v policies.Verdict) {
	if text := v.Message + v.Reason; status != c.want || !strings.Contains(text, c.says) {
		t.Errorf("got %s: %q, want %s: %q", status, text, c.want, c.says)
	}
	if status == policies.NotEvaluated && v.Reason == "" {
		t.Error("not evaluated without a reason")
	}
}

// onlyStatus is the status that was counted once or more, if it is only one.
func onlyStatus(c policies.Counts) policies.Status {
	for status, rest := range map[policies.Status]policies.Counts{
		policies.Fail: {Fail: c.Fail}, policies.Pass: {Pass: c.Pass}, policies.NotEvaluated: {NotEvaluated: c.NotEvaluated},
		policies.NotApplicable: {NotApplicable: c.NotApplicable}, policies.Waived: {Waived: c.Waived},
	} {
		if c == rest && c != (policies.Counts{}) {
			return status
		}
	}
	return ""
}

func lastVerdict(r policies.Result, rule string) policies.Verdict {
	var last policies.Verdict
	for _, v := range r.Verdicts {
		if v.Rule == rule {
			last = v
		}
	}
	return last
}
