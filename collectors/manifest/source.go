package manifest

import (
	"cmp"
	"time"

	"github.com/tokenaudit/tokenaudit/collectors/cmsapi"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

const reasonUnsaid = "the manifest does not say"

// Inventory returns the declared sources as they will be, at the audit time. canExpire reports
// whether tokens of a kind can have an expiry in a CMS.
func (m *Manifest) Inventory(at time.Time, canExpire func(cms string, kind inventory.Kind) bool) []inventory.Source {
	sources := make([]inventory.Source, 0, len(m.Sources))
	for _, s := range m.Sources {
		sources = append(sources, m.source(s, at, canExpire))
	}
	return sources
}

func (m *Manifest) source(s Source, at time.Time, canExpire func(cms string, kind inventory.Kind) bool) inventory.Source {
	source := inventory.Source{
		ID: s.ID, CMS: s.cms(), Kind: s.Kind, Name: s.Name, CollectedAt: at.UTC(),
		Units: []inventory.Unit{inventory.CompleteUnit("manifest", inventory.AllKinds()...)},
		Facts: facts(),
		Auditor: inventory.Auditor{ReadsSecrets: inventory.Unknown, Writes: inventory.No, Necessary: inventory.Unknown,
			Detail: "a manifest is read from a file"},
		Origin: inventory.Origin{File: m.File, Line: s.Line}, Tokens: []inventory.Token{},
	}
	if source.Kind == "" {
		source.Kind = inventory.KindInstance
	}
	if source.Name == "" {
		source.Name = s.ID
	}
	for _, id := range s.Environments {
		source.Environments = append(source.Environments, inventory.Environment{ID: id, Primary: inventory.Unknown})
	}
	named := map[[2]string]int{}
	for _, t := range s.Tokens {
		named[[2]string{string(t.Kind), t.Name}]++
	}
	for _, t := range s.Tokens {
		token := m.token(s, t)
		if t.Name == "" || named[[2]string{string(t.Kind), t.Name}] > 1 {
			token.ID = cmsapi.Path(s.ID+"/declared/{}/ref/{}", string(t.Kind), t.Ref)
		}
		if token.Expiry.State != inventory.ExpiryAt {
			token.Expiry.Supported = canExpire(token.CMS, token.Kind)
		}
		token.Expiry = inventory.NormaliseExpiry(token.Expiry, source.Horizon())
		source.Tokens = append(source.Tokens, token)
	}
	source.Normalise()
	return source
}

// facts: what a manifest says of a token is told by each.
func facts() inventory.Facts {
	all := inventory.Facts{}
	for _, f := range inventory.AllFacts() {
		all[f] = inventory.ReportedPartly("a manifest need not declare it")
	}
	return all
}

func (m *Manifest) token(s Source, t Token) inventory.Token {
	address := string(t.Kind) + "/" + cmp.Or(t.Name, t.Ref)
	token := inventory.Token{
		ID: cmsapi.Path(s.ID+"/declared/{}/{}", string(t.Kind), t.Name), Ref: t.Ref, CMS: s.cms(), Source: s.ID,
		Name: t.Name, Kind: t.Kind, APIs: t.APIs,
		Access:       inventory.AssumedAccess(reasonUnsaid, inventory.Unknown),
		Environments: scope(t.Environments, s.Environments),
		CreatedAt:    inventory.UnknownTime(reasonUnsaid), UpdatedAt: inventory.UnknownTime(reasonUnsaid), RevokedAt: inventory.None(),
		Expiry:   t.expiry,
		LastUsed: inventory.UnknownUse("a manifest does not say whether a token is used"),
		Traits:   inventory.Traits{Factory: inventory.Unknown, NotifiesBeforeExpiry: inventory.Unknown},
		Owner:    inventory.UnknownOwner(reasonUnsaid),
		Secret:   inventory.Secret{Readable: inventory.Unknown},
		Planned:  inventory.PlannedCreate, Address: address,
		Origin: inventory.Origin{File: m.File, Line: t.Line},
	}
	if token.Ref == "" {
		token.Ref = address
	}
	if t.Description != nil {
		token.Description = *t.Description
	}
	if t.Traits.NotifiesBeforeExpiry != "" {
		token.Traits.NotifiesBeforeExpiry = t.Traits.NotifiesBeforeExpiry
	}
	if token.APIs == nil {
		token.APIs = []inventory.API{apiOf(t.Kind)}
	}
	if t.Branches.Given {
		branches := scope(t.Branches, nil)
		token.Branches = &branches
	}
	switch {
	case t.Access != nil:
		manages := t.Access.ManagesTokens
		if manages == "" {
			manages = inventory.Unknown
		}
		token.Access = inventory.NewAccess(t.Access.Level, manages, t.Access.Grants...)
	case t.Kind == inventory.Delivery || t.Kind == inventory.Preview:
		// Delivery and preview APIs do nothing but read.
		token.Access = inventory.NewAccess(inventory.LevelRead, inventory.No)
	}
	if o := t.Owner; o != nil {
		token.Owner = inventory.Owner{Type: o.Type, ID: o.ID, Name: o.Name, State: inventory.OwnerStateUnknown, Level: inventory.LevelUnknown,
			LastActive: inventory.UnknownTime(reasonUnsaid), Reason: "a manifest does not say what became of an owner"}
		if o.Type == inventory.OwnerNone {
			token.Owner.State = inventory.OwnerActive
		}
	}
	return token
}

func apiOf(kind inventory.Kind) inventory.API {
	switch kind {
	case inventory.Delivery:
		return inventory.ContentDelivery
	case inventory.Preview:
		return inventory.ContentPreview
	}
	return inventory.ContentManagement
}

// scope makes a scope. all are the environments that there are; nil where the
// manifest does not say.
func scope(s Scope, all []string) inventory.Scope {
	exists := map[string]bool{}
	for _, id := range all {
		exists[id] = true
	}
	item := func(id string) inventory.ScopeItem {
		i := inventory.ScopeItem{ID: id, Primary: inventory.Unknown, Exists: inventory.Unknown}
		if all != nil {
			i.Exists = inventory.TernaryOf(exists[id])
		}
		return i
	}
	var items []inventory.ScopeItem
	ids := s.IDs
	if s.All {
		ids = all
	}
	for _, id := range ids {
		items = append(items, item(id))
	}
	switch {
	case !s.Given:
		return inventory.UnknownScope(reasonUnsaid)
	case s.All && all == nil:
		return inventory.UnknownScope("the manifest does not say which environments there are")
	case s.All:
		return inventory.AllScope(items...)
	}
	return inventory.NewScope(items...)
}
