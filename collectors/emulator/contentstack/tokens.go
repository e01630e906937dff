package contentstack

import (
	"slices"
	"strconv"
	"time"

	"github.com/tokenaudit/tokenaudit/collectors/emulator"
)

func listDeliveryTokens(call *request) emulator.Reply {
	var items []emulator.Object
	for _, t := range call.stack.DeliveryTokens {
		items = append(items, call.renderDeliveryToken(t))
	}
	return call.page("delivery_tokens", items)
}

func getDeliveryToken(call *request) emulator.Reply {
	if t := call.deliveryToken(); t != nil {
		return call.single(call.renderDeliveryToken(t))
	}
	return call.unknownToken("Delivery Token")
}

func (call *request) deliveryToken() *DeliveryToken {
	uid := call.r.PathValue("token")
	return emulator.Find(call.stack.DeliveryTokens, func(t *DeliveryToken) bool { return t.UID == uid })
}

// renderDeliveryToken has the secrets in clear, in lists too.
func (call *request) renderDeliveryToken(t *DeliveryToken) emulator.Object {
	item := emulator.Object{
		"uid": t.UID, "name": t.Name, "description": t.Description, "token": t.Secret, "type": "delivery",
		"scope": call.renderScope(t.Scope),
	}
	if t.PreviewSecret != "" {
		item["preview_token"] = t.PreviewSecret
	}
	return stamp(item, t.CreatedBy, t.UpdatedBy, t.CreatedAt, t.UpdatedAt)
}

func listManagementTokens(call *request) emulator.Reply {
	var items []emulator.Object
	for _, t := range call.stack.ManagementTokens {
		if !call.options.HideExpired || !t.expired(call.now) {
			items = append(items, call.renderManagementToken(t))
		}
	}
	return call.page("management_tokens", items)
}

func getManagementToken(call *request) emulator.Reply {
	if t := call.managementToken(); t != nil {
		return call.single(call.renderManagementToken(t))
	}
	return call.unknownToken("Management Token")
}

func (call *request) managementToken() *ManagementToken {
	uid := call.r.PathValue("token")
	return emulator.Find(call.stack.ManagementTokens, func(t *ManagementToken) bool { return t.UID == uid })
}

// renderManagementToken never has the secret.
func (call *request) renderManagementToken(t *ManagementToken) emulator.Object {
	item := emulator.Object{"uid": t.UID, "name": t.Name, "description": t.Description, "scope": call.renderScope(t.Scope)}
	if t.Notify != nil {
		item["is_email_notification_enabled"] = *t.Notify
	}
	never := t.Never
	if never == "" {
		never = call.options.Never
	}
	switch {
	case t.ExpiresOn != "":
		item["expires_on"] = t.ExpiresOn
	case never == NeverNull:
		item["expires_on"] = nil
	case never == NeverEmpty:
		item["expires_on"] = ""
	case never == NeverFlag:
		item["is_never_expires"] = true
	}
	return stamp(item, t.CreatedBy, t.UpdatedBy, t.CreatedAt, t.UpdatedAt)
}

// expired takes a day to its end, UTC; a text that is not a time never expires.
func (t *ManagementToken) expired(now time.Time) bool {
	if day, err := time.Parse(time.DateOnly, t.ExpiresOn); err == nil {
		return !now.Before(day.AddDate(0, 0, 1))
	}
	at, err := time.Parse(time.RFC3339, t.ExpiresOn)
	return err == nil && !now.Before(at)
}

func (call *request) single(item emulator.Object) emulator.Reply {
	if call.options.PluralSingles {
		return emulator.OK(emulator.Object{"tokens": []emulator.Object{item}})
	}
	return emulator.OK(emulator.Object{"token": item})
}

func (call *request) unknownToken(what string) emulator.Reply {
	return problem(call.options.UnknownTokenStatus, codeInvalid, "The "+what+" was not found. Please try again.", "uid", "is not valid.")
}

func (call *request) renderScope(scope []Scope) []emulator.Object {
	items := []emulator.Object{}
	for i, s := range scope {
		item := emulator.Object{"module": s.Module}
		switch s.Module {
		case "environment":
			item["environments"] = call.renderScopeEnvironments(s.Names)
			item["acl"] = call.renderACL("read", s.Read)
			item["_metadata"] = emulator.Object{"uid": "cs" + emulator.StableID(emulator.HexDigits, 16, call.stack.UID+strconv.Itoa(i)+s.Module)}
		case "branch":
			item["branches"] = emulator.List(s.Names)
			item["acl"] = call.renderACL("read", s.Read)
		case "branch_alias":
			item["branch_aliases"] = emulator.List(s.Names)
			item["acl"] = call.renderACL("read", s.Read)
		default:
			item["acl"] = call.renderACL("read", s.Read, "write", s.Write)
		}
		items = append(items, item)
	}
	return items
}

func (call *request) renderACL(pairs ...any) emulator.Object {
	acl := emulator.Object{}
	for i := 0; i+1 < len(pairs); i += 2 {
		name, _ := pairs[i].(string)
		granted, _ := pairs[i+1].(bool)
		acl[name] = granted
		if call.options.TextACL {
			acl[name] = strconv.FormatBool(granted)
		}
	}
	return acl
}

// renderScopeEnvironments embeds whole environments. One that was deleted
// leaves its uid and name.
func (call *request) renderScopeEnvironments(names []string) any {
	if call.options.EnvironmentNames {
		return emulator.List(slices.Clone(names))
	}
	items := []emulator.Object{}
	for _, name := range names {
		if e := emulator.Find(call.stack.Environments, func(e *Environment) bool { return e.Name == name }); e != nil {
			items = append(items, renderEnvironment(e))
			continue
		}
		items = append(items, emulator.Object{"uid": "blt" + emulator.StableID(emulator.HexDigits, 16, "deleted/"+call.stack.UID+name), "name": name})
	}
	return items
}
