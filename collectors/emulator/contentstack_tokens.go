package emulator

import (
	"slices"
	"strconv"
	"time"
)

func listDeliveryTokens(call *contentstackCall) reply {
	var items []object
	for _, t := range call.stack.DeliveryTokens {
		items = append(items, call.renderDeliveryToken(t))
	}
	return call.page("delivery_tokens", items)
}

func getDeliveryToken(call *contentstackCall) reply {
	if t := call.deliveryToken(); t != nil {
		return call.single(call.renderDeliveryToken(t))
	}
	return call.unknownToken("Delivery Token")
}

func (call *contentstackCall) deliveryToken() *ContentstackDeliveryToken {
	uid := call.r.PathValue("token")
	return find(call.stack.DeliveryTokens, func(t *ContentstackDeliveryToken) bool { return t.UID == uid })
}

// renderDeliveryToken has the secrets in clear, in lists too.
func (call *contentstackCall) renderDeliveryToken(t *ContentstackDeliveryToken) object {
	item := object{
		"uid": t.UID, "name": t.Name, "description": t.Description, "token": t.Secret, "type": "delivery",
		"scope": call.renderScope(t.Scope),
	}
	if t.PreviewSecret != "" {
		item["preview_token"] = t.PreviewSecret
	}
	return stamp(item, t.CreatedBy, t.UpdatedBy, t.CreatedAt, t.UpdatedAt)
}

func listManagementTokens(call *contentstackCall) reply {
	var items []object
	for _, t := range call.stack.ManagementTokens {
		if !call.options.HideExpired || !t.expired(call.now) {
			items = append(items, call.renderManagementToken(t))
		}
	}
	return call.page("management_tokens", items)
}

func getManagementToken(call *contentstackCall) reply {
	if t := call.managementToken(); t != nil {
		return call.single(call.renderManagementToken(t))
	}
	return call.unknownToken("Management Token")
}

func (call *contentstackCall) managementToken() *ContentstackManagementToken {
	uid := call.r.PathValue("token")
	return find(call.stack.ManagementTokens, func(t *ContentstackManagementToken) bool { return t.UID == uid })
}

// renderManagementToken never has the secret.
func (call *contentstackCall) renderManagementToken(t *ContentstackManagementToken) object {
	item := object{"uid": t.UID, "name": t.Name, "description": t.Description, "scope": call.renderScope(t.Scope)}
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
	case never == ContentstackNeverNull:
		item["expires_on"] = nil
	case never == ContentstackNeverEmpty:
		item["expires_on"] = ""
	case never == ContentstackNeverFlag:
		item["is_never_expires"] = true
	}
	return stamp(item, t.CreatedBy, t.UpdatedBy, t.CreatedAt, t.UpdatedAt)
}

// expired takes a day to its end, UTC; a text that is no time never expires.
func (t *ContentstackManagementToken) expired(now time.Time) bool {
	if day, err := time.Parse(time.DateOnly, t.ExpiresOn); err == nil {
		return !now.Before(day.AddDate(0, 0, 1))
	}
	at, err := time.Parse(time.RFC3339, t.ExpiresOn)
	return err == nil && !now.Before(at)
}

func (call *contentstackCall) single(item object) reply {
	if call.options.PluralSingles {
		return ok(object{"tokens": []object{item}})
	}
	return ok(object{"token": item})
}

func (call *contentstackCall) unknownToken(what string) reply {
	return contentstackError(call.options.UnknownTokenStatus, contentstackInvalid, "The "+what+" was not found. Please try again.", "uid", "is not valid.")
}

func (call *contentstackCall) renderScope(scope []ContentstackScope) []object {
	items := []object{}
	for i, s := range scope {
		item := object{"module": s.Module}
		switch s.Module {
		case "environment":
			item["environments"] = call.renderScopeEnvironments(s.Names)
			item["acl"] = call.renderACL("read", s.Read)
			item["_metadata"] = object{"uid": "cs" + stableID(hexDigits, 16, call.stack.UID+strconv.Itoa(i)+s.Module)}
		case "branch":
			item["branches"] = list(s.Names)
			item["acl"] = call.renderACL("read", s.Read)
		case "branch_alias":
			item["branch_aliases"] = list(s.Names)
			item["acl"] = call.renderACL("read", s.Read)
		default:
			item["acl"] = call.renderACL("read", s.Read, "write", s.Write)
		}
		items = append(items, item)
	}
	return items
}

func (call *contentstackCall) renderACL(pairs ...any) object {
	acl := object{}
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
func (call *contentstackCall) renderScopeEnvironments(names []string) any {
	if call.options.EnvironmentNames {
		return list(slices.Clone(names))
	}
	items := []object{}
	for _, name := range names {
		if e := find(call.stack.Environments, func(e *ContentstackEnvironment) bool { return e.Name == name }); e != nil {
			items = append(items, renderContentstackEnvironment(e))
			continue
		}
		items = append(items, object{"uid": "blt" + stableID(hexDigits, 16, "deleted/"+call.stack.UID+name), "name": name})
	}
	return items
}
