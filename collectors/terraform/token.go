package terraform

import (
	"math"
	"time"

	"github.com/tokenaudit/tokenaudit/collectors/cmsapi"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

const (
	reasonNotMade  = "the token does not exist yet"
	reasonNotTold  = "the plan does not show it"
	reasonNoUse    = "a plan does not show whether a token is used"
	reasonNoMaker  = "the plan does not show who will create the token: the person who applies it"
	reasonOfLater  = "known only after the change is applied"
	reasonNoBranch = "neither Contentful nor DatoCMS has branches that limit tokens"
)

// facts says what a plan can tell.
func facts() inventory.Facts {
	return inventory.Facts{
		inventory.FactAccess:       inventory.ReportedPartly("what a personal token may change depends on the person who applies the plan, and a role may be declared elsewhere"),
		inventory.FactEnvironments: inventory.ReportedPartly("a value may be " + reasonOfLater),
		inventory.FactBranches:     inventory.NotReported(reasonNoBranch),
		inventory.FactCreatedAt:    inventory.ReportedPartly("a plan does not show when an existing token was created"),
		inventory.FactUpdatedAt:    inventory.ReportedPartly("a plan does not show when a token was last changed"),
		inventory.FactRevokedAt:    inventory.ReportedPartly("a plan shows it for personal tokens only"),
		inventory.FactExpiry:       inventory.ReportedPartly("a value may be " + reasonOfLater),
		inventory.FactLastUsed:     inventory.NotReported(reasonNoUse),
		inventory.FactOwner:        inventory.NotReported(reasonNoMaker),
		inventory.FactDescription:  inventory.ReportedPartly("DatoCMS and personal tokens of Contentful have no descriptions"),
		inventory.FactTraits:       inventory.Reported(),
	}
}

// facts narrows what a plan can tell to the tokens that it has: where all of
// them are API keys, no description means an empty one.
func (p *Plan) facts() inventory.Facts {
	f := facts()
	for _, c := range p.changes {
		switch c.kind {
		case typePersonalToken, typeAppKey, typeAccessToken:
			return f
		}
	}
	f[inventory.FactDescription] = inventory.Reported()
	return f
}

// skeleton is what all tokens of a plan have in common. A token that is to be
// made counts as made at the audit time.
func (w *planState) skeleton(c change, cms string) inventory.Token {
	t := inventory.Token{
		CMS: cms, Ref: c.address, Source: w.plan.sourceID(), Name: c.address,
		Environments: inventory.UnknownScope(reasonNotTold),
		CreatedAt:    inventory.UnknownTime(reasonNotTold),
		UpdatedAt:    inventory.UnknownTime(reasonNotTold),
		RevokedAt:    inventory.None(),
		Expiry:       inventory.UnknownExpiry(true, reasonNotTold),
		LastUsed:     inventory.UnknownUse(reasonNoUse),
		Traits:       inventory.Traits{Factory: inventory.No, NotifiesBeforeExpiry: inventory.No},
		Owner:        inventory.UnknownOwner(reasonNoMaker),
		Secret:       inventory.Secret{Readable: inventory.Unknown},
		Planned:      inventory.PlannedUnchanged,
		Address:      c.address,
		Origin:       w.plan.origin(c),
	}
	if !w.after {
		return t
	}
	t.Planned = c.planned()
	switch t.Planned {
	case inventory.PlannedCreate, inventory.PlannedReplace:
		t.CreatedAt, t.UpdatedAt = inventory.At(w.at), inventory.At(w.at)
		t.LastUsed = inventory.UnknownUse(reasonNotMade)
	case inventory.PlannedUpdate:
		t.UpdatedAt = inventory.At(w.at)
	}
	return t
}

// sourceID is the id of the plan's own source.
func (p *Plan) sourceID() string { return cmsapi.Path(CMS+"/{}", p.Root) }

// plannedID is the id of a token whose id in the CMS the plan does not know. A
// token that is to be replaced is another one than that in its place.
func (w *planState) plannedID(c change) string {
	id := cmsapi.Path(w.plan.sourceID()+"/{}", c.address)
	if !w.after && !c.keeps() {
		id += "/replaced"
	}
	return id
}

// identity returns an attribute that identifies the resource in the CMS: a
// resource that lives on has kept it, even where the plan says that it is known
// only later. It is empty for one that does not exist yet.
func (w *planState) identity(c change, name string) string {
	if w.after && !c.keeps() {
		return ""
	}
	id, ok := c.values(w.after)[name].text()
	if !ok && w.after {
		id, _ = c.before[name].text()
	}
	return id
}

// stamp reads a time that a provider has written down.
func stamp(v value, name string) inventory.Timestamp {
	switch s, ok := v.text(); {
	case ok:
		return inventory.NewTimestamp(s)
	case v.state == null || v.state == absent:
		return inventory.None()
	default:
		return inventory.UnknownTime(v.reason(name))
	}
}

// lifetime returns the expiry of a token that lives for a number of seconds from
// the audit time on.
func (w *planState) lifetime(seconds float64) inventory.Expiry {
	const most = 200 * 365 * 24 * 3600
	if math.IsNaN(seconds) || seconds < 0 || seconds > most {
		return inventory.UnknownExpiry(true, "expires_in in the plan is not a plausible number of seconds")
	}
	return inventory.ExpiresAt(w.at.Add(time.Duration(seconds)*time.Second), inventory.PrecisionInstant)
}
