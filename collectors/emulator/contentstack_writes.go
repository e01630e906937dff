package emulator

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// tokenBody is what creates or updates a token.
type tokenBody struct {
	Token struct {
		Name        string `json:"name"`
		Description string `json:"description"`
		Scope       []struct {
			Module       string             `json:"module"`
			Environments []scopeEnvironment `json:"environments"`
			Branches     []string           `json:"branches"`
			Aliases      []string           `json:"branch_aliases"`
			ACL          map[string]bool    `json:"acl"`
		} `json:"scope"`
		ExpiresOn *string `json:"expires_on"`
		Notify    *bool   `json:"is_email_notification_enabled"`
	} `json:"token"`
}

// scopeEnvironment is the name of an environment. A client that sends back what
// it read sends the whole object.
type scopeEnvironment string

// UnmarshalJSON implements json.Unmarshaler.
func (e *scopeEnvironment) UnmarshalJSON(text []byte) error {
	var whole struct {
		Name string `json:"name"`
	}
	if json.Unmarshal(text, &whole) == nil {
		*e = scopeEnvironment(whole.Name)
		return nil
	}
	return json.Unmarshal(text, (*string)(e))
}

func (b *tokenBody) scope() []ContentstackScope {
	var scope []ContentstackScope
	for _, s := range b.Token.Scope {
		names := slices.Concat(s.Branches, s.Aliases)
		for _, e := range s.Environments {
			names = append(names, string(e))
		}
		scope = append(scope, ContentstackScope{Module: s.Module, Names: names, Read: s.ACL["read"], Write: s.ACL["write"]})
	}
	return scope
}

// readTokenBody checks what the API checks: a name that is free, and a branch
// or an alias in the scope wherever the stack has branches.
func (call *contentstackCall) readTokenBody(what string, taken []string, needEnvironment bool) (*tokenBody, *reply) {
	var body tokenBody
	if err := readJSON(call.r, &body); err != nil {
		failure := contentstackError(http.StatusBadRequest, http.StatusBadRequest, "The request body is not valid JSON.")
		return nil, &failure
	}
	has := func(modules ...string) bool {
		return slices.ContainsFunc(body.scope(), func(s ContentstackScope) bool { return slices.Contains(modules, s.Module) && len(s.Names) > 0 })
	}
	switch {
	case strings.TrimSpace(body.Token.Name) == "":
		return nil, contentstackInput(what, "name", "is a required field.")
	case slices.Contains(taken, body.Token.Name):
		return nil, contentstackInput(what, "name", "is not unique.")
	case needEnvironment && !has("environment"):
		return nil, contentstackInput(what, "scope.environment", "is a required field.")
	case !call.stack.NoBranches && !has("branch", "branch_alias"):
		return nil, contentstackInput(what, "scope.branch_or_alias", "is a required field.")
	}
	return &body, nil
}

func (call *contentstackCall) author() string {
	if call.caller.user == nil {
		return "system"
	}
	return call.caller.user.UID
}

func (call *contentstackCall) newUID(kind string) string {
	return "blt" + stableID(hexDigits, 16, kind+"/"+call.stack.UID+"/"+strconv.FormatUint(call.requests.Load(), 10))
}

func (call *contentstackCall) deliveryNames(except *ContentstackDeliveryToken) []string {
	var names []string
	for _, t := range call.stack.DeliveryTokens {
		if t != except {
			names = append(names, t.Name)
		}
	}
	return names
}

func createDeliveryToken(call *contentstackCall) reply {
	body, failure := call.readTokenBody("Delivery Token", call.deliveryNames(nil), true)
	if failure != nil {
		return *failure
	}
	uid := call.newUID("delivery")
	t := &ContentstackDeliveryToken{
		UID: uid, Name: body.Token.Name, Description: body.Token.Description, Scope: body.scope(),
		Secret: Secret(ContentstackTokenForm(), uid), CreatedBy: call.author(), CreatedAt: call.now,
	}
	if call.r.URL.Query().Get("create_with_preview_token") == "true" {
		t.PreviewSecret = Secret(ContentstackTokenForm(), "preview/"+uid)
	}
	call.stack.DeliveryTokens = append(call.stack.DeliveryTokens, t)
	return reply{status: http.StatusCreated, body: object{
		"notice": "Delivery Token created successfully.", "token": call.renderDeliveryToken(t),
	}}
}

func updateDeliveryToken(call *contentstackCall) reply {
	t := call.deliveryToken()
	if t == nil {
		return call.unknownToken("Delivery Token")
	}
	body, failure := call.readTokenBody("Delivery Token", call.deliveryNames(t), true)
	if failure != nil {
		return *failure
	}
	t.Name, t.Description, t.Scope = body.Token.Name, body.Token.Description, body.scope()
	t.UpdatedBy, t.UpdatedAt = call.author(), call.now
	return ok(object{"notice": "Delivery Token updated successfully.", "token": call.renderDeliveryToken(t)})
}

func deleteDeliveryToken(call *contentstackCall) reply {
	t := call.deliveryToken()
	if t == nil {
		return call.unknownToken("Delivery Token")
	}
	call.stack.DeliveryTokens = slices.DeleteFunc(call.stack.DeliveryTokens, func(o *ContentstackDeliveryToken) bool { return o == t })
	return ok(object{"notice": "Delivery Token deleted successfully."})
}

// createPreviewToken succeeds again on a token that has one.
func createPreviewToken(call *contentstackCall) reply {
	t := call.deliveryToken()
	if t == nil {
		return call.unknownToken("Delivery Token")
	}
	t.PreviewSecret = Secret(ContentstackTokenForm(), "preview/"+t.UID)
	return reply{status: http.StatusCreated, body: object{
		"notice": "Preview token created successfully.", "token": call.renderDeliveryToken(t),
	}}
}

func deletePreviewToken(call *contentstackCall) reply {
	t := call.deliveryToken()
	if t == nil {
		return call.unknownToken("Delivery Token")
	}
	t.PreviewSecret = ""
	return ok(object{"notice": "Preview token deleted successfully."})
}

func (call *contentstackCall) managementNames(except *ContentstackManagementToken) []string {
	var names []string
	for _, t := range call.stack.ManagementTokens {
		if t != except {
			names = append(names, t.Name)
		}
	}
	return names
}

func createManagementToken(call *contentstackCall) reply {
	body, failure := call.readTokenBody("Management Token", call.managementNames(nil), false)
	if failure != nil {
		return *failure
	}
	call.expireOldest()
	uid := call.newUID("management")
	t := &ContentstackManagementToken{
		UID: uid, Name: body.Token.Name, Description: body.Token.Description, Scope: body.scope(),
		Secret: Secret(ContentstackTokenForm(), uid), Notify: body.Token.Notify, CreatedBy: call.author(), CreatedAt: call.now,
	}
	if body.Token.ExpiresOn != nil {
		t.ExpiresOn = *body.Token.ExpiresOn
	}
	call.stack.ManagementTokens = append(call.stack.ManagementTokens, t)
	item := call.renderManagementToken(t)
	item["token"] = t.Secret
	return reply{status: http.StatusCreated, body: object{"notice": "Management Token created successfully.", "token": item}}
}

// expireOldest makes room below the cap: the oldest valid token ends at once,
// and nobody is told.
func (call *contentstackCall) expireOldest() {
	var valid []*ContentstackManagementToken
	for _, t := range call.stack.ManagementTokens {
		if !t.expired(call.now) {
			valid = append(valid, t)
		}
	}
	if call.options.ManagementTokenCap == 0 || len(valid) < call.options.ManagementTokenCap {
		return
	}
	oldest := slices.MinFunc(valid, func(a, b *ContentstackManagementToken) int { return a.CreatedAt.Compare(b.CreatedAt) })
	oldest.ExpiresOn = call.now.Add(-24 * time.Hour).Format(time.DateOnly)
}

func updateManagementToken(call *contentstackCall) reply {
	t := call.managementToken()
	if t == nil {
		return call.unknownToken("Management Token")
	}
	body, failure := call.readTokenBody("Management Token", call.managementNames(t), false)
	if failure != nil {
		return *failure
	}
	t.Name, t.Description, t.Scope, t.Notify = body.Token.Name, body.Token.Description, body.scope(), body.Token.Notify
	if body.Token.ExpiresOn != nil {
		t.ExpiresOn = *body.Token.ExpiresOn
	}
	t.UpdatedBy, t.UpdatedAt = call.author(), call.now
	return ok(object{"notice": "Management Token updated successfully.", "token": call.renderManagementToken(t)})
}

func deleteManagementToken(call *contentstackCall) reply {
	t := call.managementToken()
	if t == nil {
		return call.unknownToken("Management Token")
	}
	call.stack.ManagementTokens = slices.DeleteFunc(call.stack.ManagementTokens, func(o *ContentstackManagementToken) bool { return o == t })
	return ok(object{"notice": "Management Token deleted successfully."})
}
