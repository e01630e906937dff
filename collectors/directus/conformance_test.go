package directus

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/tokenaudit/tokenaudit/collectors"
	"github.com/tokenaudit/tokenaudit/collectors/cmsapi"
	"github.com/tokenaudit/tokenaudit/collectors/conformance"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

const planted = "planted0secret"

// The two views of the activity log have one path: tests name them by what they
// are grouped by.
const (
	pathDeeds     = "/activity by user"
	pathCreations = "/activity by item create"
	pathUpdates   = "/activity by item update"
)

// cms answers as Directus does: it cuts lists by offset and limit, and counts
// those that are asked for with meta.
func cms(answers conformance.Answers, page int) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		query, path := r.URL.Query(), r.URL.Path
		if query.Has("groupBy[]") {
			path = strings.TrimSpace(path + " by " + query.Get("groupBy[]") + " " + query.Get("filter[action][_eq]"))
		}
		answer := answers[path]
		if cut, ok := cutList(answer.Body, query.Get("offset"), query.Get("limit"), page); ok && answer.Status == 0 {
			answer.Body = cut
		}
		conformance.Answers{r.URL.Path: answer}.ServeHTTP(w, r)
	})
}

// cutList returns a page of an answer with a list; false for any other answer.
func cutList(body, offset, limit string, page int) (string, bool) {
	var whole struct {
		Data []json.RawMessage `json:"data"`
		Meta json.RawMessage   `json:"meta,omitempty"`
	}
	if json.Unmarshal([]byte(body), &whole) != nil {
		return "", false
	}
	skip, _ := strconv.Atoi(offset)
	if n, err := strconv.Atoi(limit); err == nil {
		page = n
	}
	from := min(skip, len(whole.Data))
	whole.Data = whole.Data[from:min(from+page, len(whole.Data))]
	cut, err := json.Marshal(whole)
	return string(cut), err == nil
}

func ok(body string) conformance.Answer { return conformance.Answer{Body: body} }

// counted is an answer with a list of n items.
func counted(n int, items string) conformance.Answer {
	return ok(fmt.Sprintf(`{"data":[%s],"meta":{"filter_count":%d}}`, items, n))
}

func apiError(status int, code, reason string) conformance.Answer {
	return conformance.Answer{Status: status, Body: fmt.Sprintf(
		`{"errors":[{"message":"No. %s","extensions":{"reason":%q,"code":%q}}]}`, planted, reason, code)}
}

// recorded is the server of the captures.
func recorded(t testing.TB) conformance.Answers {
	return conformance.Answers{
		pathMe:               ok(conformance.Fixture(t, "me.json")),
		pathSights:           ok(conformance.Fixture(t, "permissions-me.json")),
		listUsers.path:       ok(conformance.Fixture(t, "users.json")),
		listRoles.path:       ok(conformance.Fixture(t, "roles.json")),
		listPolicies.path:    ok(conformance.Fixture(t, "policies.json")),
		listAccess.path:      ok(conformance.Fixture(t, "access.json")),
		listPermissions.path: ok(conformance.Fixture(t, "permissions.json")),
		pathDeeds:            ok(conformance.Fixture(t, "deeds.json")),
		pathCreations:        ok(conformance.Fixture(t, "creations.json")),
		pathUpdates:          ok(conformance.Fixture(t, "updates.json")),
	}
}

func entry(name, baseURL string) collectors.Entry {
	return collectors.Entry{CMS: CMS, Name: name, BaseURL: baseURL, Values: map[string]any{
		optionToken: cmsapi.NewSecret(planted + "-" + name),
	}}
}

// small is a server with a token of each shape, small because the suite spoils
// every field: a person, one with a parent's rights, one without a role, one
// that is suspended, an administrator, and the scan's own.
func small() conformance.Answers {
	user := func(id, status, role, access string) string {
		return fmt.Sprintf(`{"id":%q,"first_name":%q,"last_name":null,"email":null,"description":"What for","status":%q,"token":"%s**********","last_access":%s,"role":%s}`,
			id, id, status, planted, access, role)
	}
	full := func(collection string) string {
		return fmt.Sprintf(`%q:{"read":{"access":"full","fields":["*"]},"create":{"access":"none"}}`, collection)
	}
	return conformance.Answers{
		pathMe:     ok(`{"data":{"id":"u-audit","role":"r-audit"}}`),
		pathSights: ok("{\"data\":{" + full("directus_users") + "," + full("directus_roles") + "," + full("directus_policies") + "," + full("directus_access") + "," + full("directus_permissions") + "," + full("directus_activity") + "}}"),
		listUsers.path: counted(6, user("u-audit", "active", `"r-audit"`, "null")+","+user("u-child", "active", `"r-child"`, "null")+","+
			user("u-none", "active", "null", "null")+","+user("u-susp", "suspended", `"r-parent"`, "null")+","+
			user("u-admin", "active", `"r-admin"`, "null")+","+user("u-human", "active", `"r-audit"`, `"2026-11-22T09:00:00Z"`)),
		listRoles.path: counted(4, `{"id":"r-audit","name":"Audit","parent":null},{"id":"r-child","name":"Child","parent":"r-parent"},
			{"id":"r-parent","name":"Parent","parent":null},{"id":"r-admin","name":"Admins","parent":null}`),
		listPolicies.path: counted(4, `{"id":"p-read","name":"Read","admin_access":false,"app_access":false,"ip_access":null},
			{"id":"p-write","name":"Write","admin_access":false,"app_access":false,"ip_access":["10.0.0.0/8"]},
			{"id":"p-admin","name":"All","admin_access":true,"app_access":false,"ip_access":null},
			{"id":"p-public","name":"$t:public_label","admin_access":false,"app_access":false,"ip_access":null}`),
		listAccess.path: counted(5, `{"id":"a1","role":"r-audit","user":null,"policy":"p-read"},{"id":"a2","role":"r-parent","user":null,"policy":"p-write"},
			{"id":"a3","role":null,"user":null,"policy":"p-public"},{"id":"a4","role":"r-admin","user":null,"policy":"p-admin"},
			{"id":"a5","role":null,"user":"u-none","policy":"p-write"}`),
		listPermissions.path: counted(3, `{"id":1,"policy":"p-read","collection":"directus_users","action":"read","fields":["*"],"permissions":null},
			{"id":2,"policy":"p-write","collection":"articles","action":"update","fields":["*"],"permissions":{}},
			{"id":3,"policy":"p-public","collection":"articles","action":"read","fields":["*"],"permissions":{}}`),
		pathDeeds:     ok(`{"data":[{"user":"u-child","max":{"timestamp":"2026-11-22T10:00:00.123Z"}},{"user":"u-human","max":{"timestamp":"2026-11-22T10:00:00Z"}}]}`),
		pathCreations: ok(`{"data":[{"item":"u-child","max":{"timestamp":"2026-11-21T10:00:00Z"}},{"item":"u-none","max":{"timestamp":"2026-11-21T10:00:00Z"}}]}`),
		pathUpdates:   ok(`{"data":[{"item":"u-none","max":{"timestamp":"2026-11-21T11:00:00Z"}}]}`),
	}
}

// TestConformance runs the suite of all collectors on two servers.
func TestConformance(t *testing.T) {
	failure := func(status int, code string, class inventory.ErrorClass) conformance.Failure {
		return conformance.Failure{Name: code + " with " + strconv.Itoa(status), Status: status, Body: apiError(status, code, "").Body, Classes: []inventory.ErrorClass{class}}
	}
	counts := &conformance.Paging{Items: "data", Total: "meta.filter_count", Skip: "offset", Limit: "limit"}
	lists := []string{listUsers.unit, listRoles.unit, listPolicies.unit, listAccess.unit, listPermissions.unit, logDeeds.unit}
	conformance.Run(t, conformance.Target{
		Definition: Definition(),
		Handler:    func() http.Handler { return cms(small(), 100) },
		Entries: func(baseURL string) []collectors.Entry {
			return []collectors.Entry{entry("intranet", baseURL), entry("shop", baseURL)}
		},
		Endpoints: []conformance.Endpoint{
			{Path: pathMe, Unit: unitAuditor, Nullable: []string{"data.role"}},
			// What it is shown decides for each list whether it is whole.
			{Path: pathSights, Unit: unitAuditor, Also: lists},
			{
				Path: listUsers.path, Unit: listUsers.unit, Paging: counts,
				Nullable: []string{"data[].last_access", "data[].role", "data[].first_name", "data[].last_name", "data[].email", "data[].description"},
			},
			{Path: listRoles.path, Unit: listRoles.unit, Paging: counts, Also: []string{listUsers.unit}, Nullable: []string{"data[].parent"}},
			{Path: listPolicies.path, Unit: listPolicies.unit, Paging: counts, Also: []string{listUsers.unit}, Nullable: []string{"data[].ip_access"}},
			{Path: listAccess.path, Unit: listAccess.unit, Paging: counts, Also: []string{listUsers.unit}, Nullable: []string{"data[].role", "data[].user"}},
			{Path: listPermissions.path, Unit: listPermissions.unit, Paging: counts, Also: []string{listUsers.unit}, Nullable: []string{"data[].permissions"}},
			{Path: logDeeds.path, Unit: logDeeds.unit},
		},
		LimitHeaders: http.Header{"Retry-After": {"1"}},
		Failures: []conformance.Failure{
			failure(400, "INVALID_QUERY", inventory.ErrUnreadable),
			failure(401, "INVALID_CREDENTIALS", inventory.ErrUnauthorized),
			failure(401, "TOKEN_EXPIRED", inventory.ErrUnauthorized),
			failure(401, "INVALID_IP", inventory.ErrUnauthorized),
			failure(403, "FORBIDDEN", inventory.ErrPermissionDenied),
			failure(403, "INVALID_TOKEN", inventory.ErrUnauthorized),
			failure(404, "ROUTE_NOT_FOUND", inventory.ErrNotFound),
			failure(503, "SERVICE_UNAVAILABLE", inventory.ErrUnavailable),
		},
		Secrets: []string{planted},
	})
}
