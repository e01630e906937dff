package contentful

import (
	"cmp"
	"context"
	"time"

	"github.com/sourcegraph/conc"

	"github.com/tokenaudit/tokenaudit/collectors/cmsapi"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// spaceLists are the answers that make up a space.
type spaceLists struct {
	delivery     cmsapi.Listing[apiKey]
	preview      cmsapi.Listing[apiKey]
	environments cmsapi.Listing[environment]
	aliases      cmsapi.Listing[alias]
	people       directory
	auditor      auditor
	// created is when the space was created, which tells keys that were made with it.
	created moment
	// hidden says why lists of keys that are empty may not be so; nil if they are.
	hidden *cmsapi.Error
}

// collectSpace reads the API keys of a space.
func (c *collector) collectSpace(ctx context.Context, source inventory.Source, id string) inventory.Source {
	lists := c.spaceLists(ctx, source, id)
	known := newEnvironments(lists.environments, lists.aliases)
	aliases := lists.aliases.Unit(unitEnvironmentAliases)
	if why := aliasesKnown(lists.environments, lists.aliases); why != "" {
		aliases = inventory.CompleteUnit(unitEnvironmentAliases)
		aliases.Detail = why
		known = newEnvironments(lists.environments, cmsapi.Listing[alias]{})
	}
	source.Environments = known.all()
	source.Tokens = c.keys(source, id, lists, known)
	source.Units = c.spaceUnits(ctx, source, lists, aliases)
	source.Auditor = lists.auditor.inSpace(readsSecrets(lists))
	return source
}

// spaceLists asks for everything at once: no list needs another. Only where
// there are no keys does it ask further.
func (c *collector) spaceLists(ctx context.Context, source inventory.Source, id string) spaceLists {
	var (
		l      spaceLists
		worker conc.WaitGroup
	)
	worker.Go(func() {
		l.delivery = list[apiKey](ctx, c.client, request{what: "API keys", path: cmsapi.Path("/spaces/{}/api_keys", id), secrets: keySecrets(id, deliveryID)})
	})
	worker.Go(func() {
		l.preview = list[apiKey](ctx, c.client, request{what: "preview API keys", path: cmsapi.Path("/spaces/{}/preview_api_keys", id), secrets: keySecrets(id, previewID)})
	})
	worker.Go(func() {
		l.environments = list[environment](ctx, c.client, request{what: "environments", path: cmsapi.Path("/spaces/{}/environments", id)})
	})
	worker.Go(func() {
		l.aliases = list[alias](ctx, c.client, request{what: "environment aliases", path: cmsapi.Path("/spaces/{}/environment_aliases", id)})
	})
	worker.Go(func() { l.people = c.people(ctx, source) })
	worker.Go(func() { l.auditor = c.self(ctx) })
	worker.Go(func() { l.created = c.created(ctx, source, id) })
	worker.Wait()
	l.environments.Err = doubtEnvironments(l.environments).At(cmsapi.Path("/spaces/{}/environments", id))
	l.aliases.Err = doubtAliases(l.environments, l.aliases).At(cmsapi.Path("/spaces/{}/environment_aliases", id))
	if l.delivery.Err == nil && l.preview.Err == nil && len(l.delivery.Items)+len(l.preview.Items) == 0 {
		l.hidden = c.hiddenKeys(ctx, id, l.people.role)
	}
	return l
}

func (c *collector) spaceUnits(ctx context.Context, source inventory.Source, l spaceLists, aliases inventory.Unit) []inventory.Unit {
	found := c.recall(source.ID)
	itself := inventory.CompleteUnit(unitSpace)
	if found.err != nil {
		itself = cmsapi.UnitOf(unitSpace, nil, false, found.err)
	} else if at, archived := found.space.sys().ArchivedAt.Get(); archived {
		itself.Detail = "the space was archived on " + at.Time.Format(time.DateOnly)
	}
	preview := l.preview.Unit(unitPreviewAPIKeys, inventory.Preview)
	if n := orphans(source.Tokens); preview.Status == inventory.UnitComplete && l.delivery.Err == nil && n > 0 {
		preview.Detail = plural(n, "preview key") + " without a delivery key"
	}
	delivery := l.delivery.Unit(unitAPIKeys, inventory.Delivery)
	if l.hidden != nil {
		delivery = cmsapi.UnitOf(unitAPIKeys, delivery.Kinds, false, l.hidden)
		preview = cmsapi.UnitOf(unitPreviewAPIKeys, preview.Kinds, false, l.hidden)
	}
	units := []inventory.Unit{itself, delivery, preview, l.environments.Unit(unitEnvironments), aliases}
	for i, u := range units {
		units[i] = c.explain(ctx, u)
	}
	return units
}

// readsSecrets: whoever gets a list of API keys gets the keys.
func readsSecrets(l spaceLists) inventory.Ternary {
	if l.hidden == nil && (l.delivery.Err == nil || l.preview.Err == nil) || len(l.delivery.Items)+len(l.preview.Items) > 0 {
		return inventory.Yes
	}
	return inventory.Unknown
}

// hiddenKeys says why the empty lists of keys of a space may hide some; nil if
// they do not.
//
// What Contentful answers to a member whose roles do not let them read API keys
// is not documented: a refusal, or an empty list. So an empty list is believed
// only if the caller has the right. roleOf gives a user's role in the
// organization; empty if it is not known.
func (c *collector) hiddenKeys(ctx context.Context, id string, roleOf func(userID string) string) *cmsapi.Error {
	me, err := c.whoAmI(ctx)
	if err != nil {
		return cmsapi.DoubtedEmpty("the list is empty, and whether the credential's user may read API keys is not known, because the user is unknown", hintAPIKeys)
	}
	if isAdminRole(roleOf(me.id())) {
		return nil
	}
	var (
		members cmsapi.Listing[membership]
		roles   cmsapi.Listing[role]
		worker  conc.WaitGroup
	)
	worker.Go(func() {
		members = list[membership](ctx, c.client, request{what: "space members", path: cmsapi.Path("/spaces/{}/space_members", id)})
	})
	worker.Go(func() {
		roles = list[role](ctx, c.client, request{what: "roles", path: cmsapi.Path("/spaces/{}/roles", id)})
	})
	worker.Wait()
	rights := rightsOfRoles(roles)
	for _, m := range members.Items {
		if m.userID() != me.id() {
			continue
		}
		switch rightIn(m, rights).Keys {
		case inventory.Yes:
			return nil
		case inventory.No:
			return cmsapi.DoubtedEmpty("the list is empty, and the credential's user may not read API keys in this space", hintAPIKeys)
		}
	}
	return cmsapi.DoubtedEmpty("the list is empty, and whether the credential's user may read API keys in this space could not be read", hintAPIKeys)
}

func orphans(tokens []inventory.Token) int {
	n := 0
	for _, t := range tokens {
		if t.Kind == inventory.Preview && t.Twin == "" {
			n++
		}
	}
	return n
}

// keys makes the tokens of a space.
func (c *collector) keys(source inventory.Source, spaceID string, l spaceLists, known environments) []inventory.Token {
	tokens := []inventory.Token{}
	// A preview key was made with a delivery key, which links to it. Should two
	// link to the same one, the first by id counts.
	twins := map[string]apiKey{}
	made := factoryOf(l)
	for _, k := range l.delivery.Items {
		if linked := k.PreviewKey.Value.id(); linked != "" {
			if other, taken := twins[linked]; !taken || k.id() < other.id() {
				twins[linked] = k
			}
		}
		t := key(source, k, known, l.people)
		t.ID = deliveryID(spaceID, k.id())
		t.Kind, t.APIs = inventory.Delivery, []inventory.API{inventory.ContentDelivery}
		t.Name = cmp.Or(string(k.Name.Value), k.id())
		t.URL = c.page("/spaces/{}/api/keys/{}", spaceID, k.id())
		t.Traits.Factory = made.delivery(k)
		tokens = append(tokens, t)
	}
	for _, k := range l.preview.Items {
		t := key(source, k, known, l.people)
		t.ID = previewID(spaceID, k.id())
		t.Kind, t.APIs = inventory.Preview, []inventory.API{inventory.ContentPreview}
		t.Name = cmp.Or(string(k.Name.Value), k.id())
		t.URL = source.URL
		t.Traits.Factory = made.preview(k)
		if twin, ok := twins[k.id()]; ok {
			t.Twin = deliveryID(spaceID, twin.id())
			t.Name = cmp.Or(string(k.Name.Value), string(twin.Name.Value), k.id())
			// The web app shows both keys on one page.
			t.URL = c.page("/spaces/{}/api/keys/{}", spaceID, twin.id())
		}
		tokens = append(tokens, t)
	}
	return tokens
}

func deliveryID(spaceID, keyID string) string {
	return cmsapi.Path("contentful/spaces/{}/api_keys/{}", spaceID, keyID)
}

func previewID(spaceID, keyID string) string {
	return cmsapi.Path("contentful/spaces/{}/preview_api_keys/{}", spaceID, keyID)
}

// key is what delivery and preview keys have in common.
//
// Contentful API keys cannot expire, cannot be revoked other than by deleting
// them, and their use is not reported. They read only, whatever their policies
// say, because the delivery and preview APIs do nothing else. Their lists hand
// out the secret.
func key(source inventory.Source, k apiKey, known environments, people directory) inventory.Token {
	return inventory.Token{
		Ref:          k.id(),
		CMS:          CMS,
		Source:       source.ID,
		Description:  string(k.Description.Value),
		Access:       inventory.NewAccess(inventory.LevelRead, inventory.No),
		Environments: known.scope(k.Environments.List),
		CreatedAt:    cmsapi.Timestamp("createdAt", k.sys().CreatedAt, false),
		UpdatedAt:    cmsapi.Timestamp("updatedAt", k.sys().UpdatedAt, false),
		RevokedAt:    inventory.None(),
		Expiry:       inventory.NeverExpires(false),
		LastUsed:     inventory.UnknownUse(reasonKeyUse),
		Traits:       inventory.Traits{NotifiesBeforeExpiry: inventory.No},
		Owner:        people.maker(k.sys().CreatedBy),
		Secret:       inventory.Secret{Readable: inventory.Yes},
	}
}

// maker says who made an API key. The key acts as nobody, so its owner is the
// one who can be asked about it.
func (d directory) maker(field cmsapi.Field[link]) inventory.Owner {
	id := field.Value.id()
	switch {
	case id == "":
		reason := field.Reason("createdBy")
		if reason == "" {
			reason = "createdBy in the CMS's response has no id"
		}
		return inventory.UnknownOwner(reason)
	case field.Value.linkType() == "User":
		return d.owner(id)
	case field.Value.linkType() == "AppDefinition":
		return inventory.Owner{
			Type: inventory.OwnerApp, ID: id, State: inventory.OwnerStateUnknown, Level: inventory.LevelUnknown,
			LastActive: inventory.UnknownTime("an app has no sign-in"),
			Reason:     "made by an app, whose rights are not read",
		}
	default:
		owner := inventory.UnknownOwner("createdBy in the CMS's response is neither a user nor an app")
		owner.ID = id
		return owner
	}
}
