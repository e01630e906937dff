package strapi

import (
	"net/http"
	"strconv"
	"testing"

	"github.com/tokenaudit/tokenaudit/collectors"
	"github.com/tokenaudit/tokenaudit/collectors/cmsapi"
	"github.com/tokenaudit/tokenaudit/collectors/conformance"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

const planted = "planted0secret"

func ok(body string) conformance.Answer { return conformance.Answer{Body: body} }

func apiError(status int, name, message string) conformance.Answer {
	return conformance.Answer{Status: status, Body: `{"data":null,"error":{"status":` + strconv.Itoa(status) + `,"name":"` + name + `","message":"` + message + `","details":{"echo":"` + planted + `"}}}`}
}

// meBody is who the scan of the captures is: the first admin.
const meBody = `{"data":{"id":1,"firstname":"It","lastname":"Admin","username":null,"email":"admin@example.test","isActive":true,
	"createdAt":"2026-11-22T01:05:22.700Z","roles":[{"id":1,"name":"Super Admin","code":"strapi-super-admin"}]}}`

// recorded is the server of the captures.
func recorded(t testing.TB) conformance.Answers {
	return conformance.Answers{
		// Lists only: a single token is never asked for.
		"":                apiError(http.StatusNotFound, "NotFoundError", "Not Found"),
		listMe.path:       ok(meBody),
		listAPI.path:      ok(conformance.Fixture(t, "api-tokens.json")),
		listAdmin.path:    ok(conformance.Fixture(t, "admin-tokens.json")),
		listTransfer.path: ok(conformance.Fixture(t, "transfer-tokens.json")),
	}
}

func entryWith(name, credential string) collectors.Entry {
	return collectors.Entry{CMS: CMS, Name: name, Values: map[string]any{optionToken: cmsapi.NewSecret(credential)}}
}

func entry(name, baseURL string) collectors.Entry {
	e := entryWith(name, planted+"-"+name)
	e.BaseURL = baseURL
	return e
}

// TestConformance runs the suite of all collectors on two servers with one
// token of each shape.
func TestConformance(t *testing.T) {
	const stamps = `"lastUsedAt":"2026-11-22T01:05:23.381Z","lifespan":"2592000000","expiresAt":"2026-12-22T01:05:22.885Z","createdAt":"2026-11-22T01:05:22.885Z","updatedAt":"2026-11-22T01:05:23.381Z"`
	const unused = `"lastUsedAt":null,"lifespan":null,"expiresAt":null,"createdAt":"2026-11-22T01:05:22.981Z","updatedAt":"2026-11-22T01:05:22.981Z"`
	answers := conformance.Answers{
		listMe.path: ok(meBody),
		listAPI.path: ok(`{"data":[
			{"id":5,"kind":"content-api","name":"fa-30d","description":"Deploys","type":"full-access",` + stamps + `,"permissions":[]},
			{"id":8,"kind":"content-api","name":"custom-write","description":"","type":"custom",` + unused + `,"permissions":["api::article.article.create"]}]}`),
		listAdmin.path: ok(`{"data":[{"id":9,"kind":"admin","name":"auditor","type":"read-only",` + stamps + `,"accessKey":"` + planted + `",
			"adminPermissions":[{"id":92,"action":"admin::admin-tokens.read","subject":null}],"adminUserOwner":{"id":1,"firstname":"It","lastname":"Admin"}}]}`),
		listTransfer.path: ok(`{"data":[{"id":1,"name":"push","description":"",` + unused + `,"permissions":["push"]}]}`),
	}
	nullable := []string{"data[].expiresAt", "data[].lifespan", "data[].lastUsedAt"}
	failure := func(status int, name, message string, class inventory.ErrorClass) conformance.Failure {
		return conformance.Failure{Name: message, Status: status, Body: apiError(status, name, message).Body, Classes: []inventory.ErrorClass{class}}
	}
	conformance.Run(t, conformance.Target{
		Definition: Definition(),
		Handler:    func() http.Handler { return answers },
		Entries: func(baseURL string) []collectors.Entry {
			return []collectors.Entry{entry("intranet", baseURL), entry("shop", baseURL)}
		},
		Endpoints: []conformance.Endpoint{
			// Who the credential is decides whether the admin tokens are all there.
			{Path: listMe.path, Unit: listMe.unit, Also: []string{listAdmin.unit}},
			{Path: listAPI.path, Unit: listAPI.unit, Nullable: nullable},
			{Path: listAdmin.path, Unit: listAdmin.unit, Nullable: append([]string{"data[].adminPermissions[].subject"}, nullable...)},
			{Path: listTransfer.path, Unit: listTransfer.unit, Nullable: nullable},
		},
		LimitHeaders: http.Header{"X-Ratelimit-Limit": {"5"}, "X-Ratelimit-Remaining": {"0"}, "Retry-After": {"2"}},
		Failures: []conformance.Failure{
			failure(401, "UnauthorizedError", "Missing or invalid credentials", inventory.ErrUnauthorized),
			failure(401, "UnauthorizedError", "Token expired", inventory.ErrUnauthorized),
			failure(401, "UnauthorizedError", "Token owner is deactivated", inventory.ErrUnauthorized),
			failure(403, "PolicyError", "Policy Failed", inventory.ErrPermissionDenied),
			failure(404, "NotFoundError", "Not Found", inventory.ErrNotFound),
			failure(501, "NotImplementedError", "Not Implemented", inventory.ErrUnavailable),
		},
		Secrets: []string{planted},
	})
}
