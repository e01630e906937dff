package ghost

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/tokenaudit/tokenaudit/collectors"
	"github.com/tokenaudit/tokenaudit/collectors/cmsapi"
	"github.com/tokenaudit/tokenaudit/collectors/conformance"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

const (
	planted = "planted0secret"
	// ownKey and ownSecret are the staff access token of the scan.
	ownKey    = "6b023c7e0a9d5d13998aa700"
	ownSecret = "5ec4e70000000000000000000000000000000000000000000000000000005ec4"
)

func ok(body string) conformance.Answer { return conformance.Answer{Body: body} }

func apiError(status int, message, code string) conformance.Answer {
	quoted := "null"
	if code != "" {
		quoted = `"` + code + `"`
	}
	return conformance.Answer{Status: status, Body: `{"errors":[{"message":"` + message + `","context":"` + planted + `","type":"x","code":` + quoted + `,"help":null}]}`}
}

// usersOf is a list of as many staff users, of whom the first is the scan's.
func usersOf(ids ...string) conformance.Answer {
	var users []string
	for _, id := range ids {
		users = append(users, `{"id":"`+id+`","name":"It Owner","slug":"it","status":"active"}`)
	}
	return ok(`{"users":[` + strings.Join(users, ",") + `],"meta":` + lastPage(len(ids)) + `}`)
}

// lastPage is the meta of a list that fits on one page.
func lastPage(total int) string {
	return fmt.Sprintf(`{"pagination":{"page":1,"limit":100,"pages":1,"total":%d,"next":null,"prev":null}}`, total)
}

// me is the id of the owner in the captures.
const me = "6b023c310a9d5d13998aa398"

// recorded is the site of the captures, whose only staff user is the owner.
func recorded(t testing.TB) conformance.Answers {
	return conformance.Answers{
		// Lists only: a staff access token is never asked for.
		"":                    {Status: http.StatusNotFound, Body: conformance.Fixture(t, "error-404-suspended.json")},
		readMe.path:           ok(conformance.Fixture(t, "users-me.json")),
		listIntegrations.path: ok(strings.ReplaceAll(conformance.Fixture(t, "integrations.json"), "XXXX", planted)),
		listUsers.path:        usersOf(me),
		listRoles.path:        ok(conformance.Fixture(t, "roles.json")),
	}
}

func entryWith(name, credential string) collectors.Entry {
	return collectors.Entry{CMS: CMS, Name: name, Values: map[string]any{optionToken: cmsapi.NewSecret(credential)}}
}

// entry returns each site its own key.
func entry(name, baseURL string) collectors.Entry {
	e := entryWith(name, strings.Replace(ownKey, "6", string("0123456789abcdef"[len(name)%16]), 1)+":"+ownSecret)
	e.BaseURL = baseURL
	return e
}

// TestConformance runs the suite of all collectors on two sites with one key of
// each shape.
func TestConformance(t *testing.T) {
	const stamps = `"secret":"` + planted + `","integration_id":"i","user_id":null,"last_seen_version":null,"created_at":"2026-11-22T00:51:04.000Z","updated_at":"2026-11-22T00:51:05.000Z"`
	answers := conformance.Answers{
		readMe.path: ok(`{"users":[{"id":"` + me + `","name":"It Owner","slug":"it","roles":[{"id":"r1","name":"Owner"}]}]}`),
		listIntegrations.path: ok(`{"integrations":[
			{"id":"i1","type":"builtin","name":"Zapier","slug":"zapier","description":"Built-in","api_keys":[
				{"id":"k1","type":"admin","role_id":"r2","last_seen_at":null,` + stamps + `}]},
			{"id":"i2","type":"custom","name":"ci-deploy","slug":"ci-deploy","description":null,"api_keys":[
				{"id":"k2","type":"content","role_id":null,"last_seen_at":null,` + stamps + `},
				{"id":"k3","type":"admin","role_id":"r2","last_seen_at":"2026-11-22T00:52:00.000Z",` + stamps + `}]},
			{"id":"i3","type":"custom","name":"none","slug":"none","description":"No keys","api_keys":[]}],"meta":` + lastPage(3) + `}`),
		listUsers.path: usersOf(me),
		listRoles.path: ok(`{"roles":[{"id":"r1","name":"Owner"},{"id":"r2","name":"Admin Integration"}]}`),
	}
	failure := func(status int, message, code string, classes ...inventory.ErrorClass) conformance.Failure {
		return conformance.Failure{Name: message, Status: status, Body: apiError(status, message, code).Body, Classes: classes}
	}
	const key = "integrations[].api_keys[]."
	paging := func(items string) *conformance.Paging {
		return &conformance.Paging{Items: items, Total: "meta.pagination.total", Skip: "page", PageNumbers: true, Limit: "limit", Next: "meta.pagination.next"}
	}
	conformance.Run(t, conformance.Target{
		Definition: Definition(),
		Handler:    func() http.Handler { return answers },
		Entries: func(baseURL string) []collectors.Entry {
			return []collectors.Entry{entry("magazine", baseURL), entry("shop", baseURL)}
		},
		Endpoints: []conformance.Endpoint{
			// Without knowing whose the credential is, the scan's own token is not known.
			{Path: readMe.path, Unit: readMe.unit, Also: []string{listUsers.unit}},
			{
				Path: listIntegrations.path, Unit: listIntegrations.unit, Paging: paging("integrations"),
				Nullable: []string{"meta.pagination.next", key + "role_id", key + "last_seen_at"},
			},
			{Path: listUsers.path, Unit: listUsers.unit, Paging: paging("users"), Nullable: []string{"meta.pagination.next"}},
			{Path: listRoles.path, Unit: listRoles.unit},
		},
		LimitHeaders: http.Header{"Retry-After": {"2"}},
		Failures: []conformance.Failure{
			failure(400, "Invalid token", "INVALID_JWT", inventory.ErrUnauthorized),
			failure(401, "Invalid token: jwt expired", "INVALID_JWT", inventory.ErrUnauthorized),
			failure(401, "Invalid token: invalid signature", "INVALID_JWT", inventory.ErrUnauthorized),
			failure(401, "Unknown Admin API Key", "UNKNOWN_ADMIN_API_KEY", inventory.ErrUnauthorized),
			failure(403, "API tokens do not have permission to access this endpoint", "", inventory.ErrPermissionDenied),
			failure(403, "Permission error, cannot list integrations.", "", inventory.ErrPermissionDenied),
			failure(404, "Resource could not be found.", "", inventory.ErrNotFound),
			failure(503, "Ghost is currently unavailable", "", inventory.ErrUnavailable),
		},
		Secrets: []string{planted, ownSecret},
	})
}
