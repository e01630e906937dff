package datocms

import (
	"fmt"
	"slices"

	"github.com/tokenaudit/tokenaudit/collectors/cmsapi"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// project is what was read of a project besides its tokens.
type project struct {
	source  inventory.Source
	roles   roles
	envs    environments
	auditor auditor
	// domain is where its web app lives, such as "foo.admin.datocms.com"; empty
	// where it is not known.
	domain string
}

// tokens makes the tokens of a list. The error says which of them could not be
// read whole.
func (p project) tokens(list cmsapi.List[accessToken]) ([]inventory.Token, *cmsapi.Error) {
	tokens := make([]inventory.Token, 0, len(list.Items))
	var broken []string
	seen := map[string]bool{}
	for _, t := range list.Items {
		id := string(t.ID.Value)
		if seen[id] {
			broken = append(broken, fmt.Sprintf("two have the id %q", id))
			continue
		}
		seen[id] = true
		if missing := t.missing(); missing != "" {
			broken = append(broken, fmt.Sprintf("token %s: %s", id, missing))
		}
		tokens = append(tokens, p.token(id, t))
	}
	if len(broken) > 0 {
		return tokens, inParts(len(broken), len(list.Items), "API tokens", broken)
	}
	return tokens, nil
}

// missing says what of a token could not be read that decides what it can do;
// empty if nothing.
func (t accessToken) missing() string {
	if reason := t.Attributes.Value.missing(); reason != "" {
		return reason
	}
	_, reason := t.role()
	return reason
}

// surface is one of the APIs, with the flag that opens it to a token.
type surface struct {
	api  inventory.API
	name string
	flag cmsapi.Field[bool]
}

func surfaces(a tokenAttributes) []surface {
	return []surface{
		{inventory.ContentDelivery, "can_access_cda", a.CanAccessCDA},
		{inventory.ContentPreview, "can_access_cda_preview", a.CanAccessCDAPreview},
		{inventory.ContentManagement, "can_access_cma", a.CanAccessCMA},
	}
}

// missing says which API flag could not be read; empty if all were.
func (a tokenAttributes) missing() string {
	for _, s := range surfaces(a) {
		if reason := s.flag.Reason(s.name); reason != "" {
			return reason
		}
	}
	return ""
}

// role returns the id of the token's role, empty if it has none; the reason says
// why neither is known.
func (t accessToken) role() (id, reason string) {
	relation := t.Relationships.Value.Role
	if relation.State != cmsapi.FieldGiven {
		return "", relation.Reason("the role of the token")
	}
	switch data := relation.Value.Data; data.State {
	case cmsapi.FieldNull:
		return "", ""
	case cmsapi.FieldGiven:
		if id, ok := data.Value.ID.Get(); ok && id != "" {
			return string(id), ""
		}
		return "", "the role of the token has no id"
	default:
		return "", data.Reason("the role of the token")
	}
}

// token makes one token of the common schema.
func (p project) token(id string, t accessToken) inventory.Token {
	a := t.Attributes.Value
	token := inventory.Token{
		ID:     tokenID(p.source.ID, id),
		Ref:    id,
		CMS:    CMS,
		Source: p.source.ID,
		Name:   a.Name.Or("API token " + id),
		URL:    p.page("/{}/edit", id),
		APIs:   apis(a),

		CreatedAt: inventory.UnknownTime(reasonNoCreation),
		UpdatedAt: inventory.UnknownTime(reasonNoUpdate),
		RevokedAt: inventory.None(),
		// DatoCMS has no concept of an expiry: null is never, not unknown.
		Expiry: inventory.NeverExpires(false),
		Traits: inventory.Traits{Factory: factory(a.HardcodedType), NotifiesBeforeExpiry: inventory.No},
		Owner:  inventory.UnknownOwner(reasonNoOwner),
		Secret: inventory.Secret{Readable: p.auditor.readsSecrets},
		Origin: p.source.Origin,
	}
	token.Kind = kind(token.APIs)
	p.describeAccess(&token, t)
	p.describeUse(&token, a)
	return token
}

// factory reports whether DatoCMS itself made the token. The documentation shows
// the empty string where the API has null.
func factory(hardcoded cmsapi.Field[string]) inventory.Ternary {
	switch hardcoded.State {
	case cmsapi.FieldGiven, cmsapi.FieldNull:
		return inventory.TernaryOf(hardcoded.Value != "")
	default:
		return inventory.Unknown
	}
}

// apis returns the surfaces the token reaches. A flag that could not be read
// counts as set: the unit says so, and no rule may pass over the token.
func apis(a tokenAttributes) []inventory.API {
	reached := []inventory.API{}
	for _, surface := range surfaces(a) {
		if surface.flag.Or(true) {
			reached = append(reached, surface.api)
		}
	}
	return reached
}

// kind: the strongest surface decides. A token that reaches nothing is a
// delivery token of level none.
func kind(reached []inventory.API) inventory.Kind {
	switch {
	case slices.Contains(reached, inventory.ContentManagement):
		return inventory.Management
	case slices.Contains(reached, inventory.ContentPreview):
		return inventory.Preview
	}
	return inventory.Delivery
}

// describeUse fills in the last use. A surface whose flag is off counts too:
// flags can be changed after a use.
func (p project) describeUse(token *inventory.Token, a tokenAttributes) {
	at := p.source.CollectedAt
	management := lastUse("last_cma_access", a.LastCMAAccess, at)
	delivery := lastUse("last_cda_access", a.LastCDAAccess, at)
	token.LastUsed = inventory.MostRecentUse(delivery, management)
	token.LastUsedByAPI = map[inventory.API]inventory.LastUsed{}
	// One word stands for published content and drafts together.
	for _, surface := range surfaces(a) {
		use := delivery
		if surface.api == inventory.ContentManagement {
			use = management
		}
		switch reaches, given := surface.flag.Get(); {
		case !given:
			token.LastUsedByAPI[surface.api] = inventory.UnknownUse(surface.flag.Reason(surface.name))
		case reaches:
			token.LastUsedByAPI[surface.api] = use
		}
	}
}
