package ghost

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/tokenaudit/tokenaudit/collectors/cmsapi"
	"github.com/tokenaudit/tokenaudit/collectors/instance"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// The types of keys.
const (
	typeContent = "content"
	typeAdmin   = "admin"
)

// site is what tokens are made with.
type site struct {
	source inventory.Source
	cms    *instance.Server
	roles  roles
}

// unit makes the unit of a list; a nil err is one that was read whole.
func (s site) unit(l resource, some bool, err *cmsapi.Error, kinds ...inventory.Kind) inventory.Unit {
	return s.cms.Unit(l.unit, l.path, kinds, some, err)
}

// collect makes a source of what was read, without the lists skip.
func (c *collector) collect(source inventory.Source, a answers, skip []string) inventory.Source {
	s := site{source: source, cms: c.Server, roles: rolesOf(a.roles)}
	keys := s.keys(a.integrations)
	own, staff := s.staff(c.keyID, a)
	integrations := s.unit(listIntegrations, len(keys.Items) > 0, keys.Err, inventory.Delivery, inventory.Management)
	if keys.Err == nil {
		integrations.Detail = "Ghost leaves out the integrations of type internal, with whose keys it does its own work, such as scheduling posts"
	}
	source.Tokens = keys.Items
	if !skips(skip, listUsers.unit) {
		source.Tokens = append(source.Tokens, own...)
	}
	source.Units = []inventory.Unit{integrations, staff, s.unit(listRoles, len(a.roles.Items) > 0, a.roles.Err), s.unit(readMe, len(a.me.Items) > 0, a.me.Err)}
	source.Units = slices.DeleteFunc(source.Units, func(u inventory.Unit) bool { return skips(skip, u.Name) })
	source.Auditor = s.auditor(own, a)
	return source
}

func rolesOf(list cmsapi.Listing[role]) roles {
	r := roles{names: map[string]string{}}
	for _, item := range list.Items {
		if name, given := item.Name.Get(); given && item.ID.Value != "" {
			r.names[string(item.ID.Value)] = name
		}
	}
	if list.Err != nil {
		r.reason = "the list of roles could not be read: " + list.Err.Message
	}
	return r
}

// keys makes the tokens of all integrations.
func (s site) keys(list cmsapi.Listing[integration]) cmsapi.Listing[inventory.Token] {
	n := 1 // the scan's own comes behind them
	for _, i := range list.Items {
		n += len(i.APIKeys.Items)
	}
	tokens := cmsapi.Listing[inventory.Token]{Items: make([]inventory.Token, 0, n), Err: list.Err}
	broken := func(i integration, what string) {
		tokens.Err = cmp.Or(tokens.Err, explain(unreadable(fmt.Sprintf("integration %s: %s", i.ID.Value, what))))
	}
	seen := map[string]bool{}
	for _, i := range list.Items {
		if err := i.APIKeys.Err("api_keys"); err != nil {
			broken(i, err.Message)
		}
		for _, k := range i.APIKeys.Items {
			id := string(k.ID.Value)
			if seen[id] {
				broken(i, "two keys have the same id")
				continue
			}
			seen[id] = true
			if kind := k.Type.Value; kind != typeContent && kind != typeAdmin {
				broken(i, "key "+id+": "+typeReason(k))
			}
			tokens.Items = append(tokens.Items, s.key(i, k))
		}
	}
	return tokens
}

func typeReason(k apiKey) string {
	return cmp.Or(k.Type.Reason("type"), fmt.Sprintf("the type %s is not documented", cmsapi.Word(k.Type.Value)))
}

// key makes the token of one API key of an integration.
func (s site) key(i integration, k apiKey) inventory.Token {
	integrationID := string(i.ID.Value)
	t := s.token(segmentKeys, string(k.ID.Value))
	t.Description = i.Description.Value
	t.URL = s.cms.Page(settings + cmsapi.Path("integrations/{}", integrationID))
	t.CreatedAt = cmsapi.Timestamp("created_at", k.CreatedAt, false)
	t.UpdatedAt = cmsapi.Timestamp("updated_at", k.UpdatedAt, false)
	t.LastUsed = s.lastUse(k.LastSeenAt)
	t.Traits.Factory = factory(i)
	t.Owner = inventory.UnknownOwner(reasonNoMaker)
	// The list has it in the clear.
	t.Secret.Readable = inventory.Yes

	t.Kind, t.APIs = inventory.Management, []inventory.API{inventory.ContentManagement}
	label := "API key"
	switch k.Type.Value {
	case typeContent:
		label = "Content API key"
		t.Kind, t.APIs, t.Access = inventory.Delivery, []inventory.API{inventory.ContentDelivery}, contentAccess()
	case typeAdmin:
		label = "Admin API key"
		t.Access, t.Role = s.roles.adminAccess(k)
	default:
		t.Access = inventory.AssumedAccess(typeReason(k), inventory.Unknown)
	}
	if !t.Access.Write {
		t.APIs = []inventory.API{inventory.ContentDelivery}
	}
	t.Name = i.Name.Or("integration "+integrationID) + ": " + label
	return t
}

// segmentKeys is in the ids of the API keys of integrations.
const segmentKeys = "api_keys"

func tokenID(source, segment, id string) string { return source + cmsapi.Path("/"+segment+"/{}", id) }

// token makes what all tokens of a site share.
func (s site) token(segment, id string) inventory.Token {
	return inventory.Token{
		ID:           tokenID(s.source.ID, segment, id),
		Ref:          id,
		CMS:          CMS,
		Source:       s.source.ID,
		Environments: instance.Scope(s.source, reasonNoEnvironments),
		RevokedAt:    inventory.None(),
		Expiry:       inventory.NeverExpires(false),
		Traits:       inventory.Traits{Factory: inventory.No, NotifiesBeforeExpiry: inventory.No},
		Origin:       s.source.Origin,
	}
}

// factory: Ghost marks the integrations that it makes itself.
func factory(i integration) inventory.Ternary {
	switch i.Type.Value {
	case "custom":
		return inventory.No
	case "builtin", "core", "internal":
		return inventory.Yes
	}
	return inventory.Unknown
}

// lastUse reads last_seen_at of a key. Ghost 6.65 never writes it, so null says
// nothing; a date would say that the last use is no older.
func (s site) lastUse(f cmsapi.Field[cmsapi.Moment]) inventory.LastUsed {
	if f.State == cmsapi.FieldGiven && !f.Value.Time.After(s.source.CollectedAt) {
		return inventory.UsedBetween(f.Value.Time, s.source.CollectedAt)
	}
	return inventory.UnknownUse(reasonNoUse)
}
