package wordpress

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

func users(body string, total, pages int) conformance.Answer {
	return conformance.Answer{Header: http.Header{"X-Wp-Total": {strconv.Itoa(total)}, "X-Wp-Totalpages": {strconv.Itoa(pages)}}, Body: body}
}

func apiError(status int, code string) conformance.Answer {
	return conformance.Answer{Status: status, Body: `{"code":"` + code + `","message":"No. ` + planted + `","data":{"status":` + strconv.Itoa(status) + `}}`}
}

// serve answers from a map of paths. What is asked for by the query is the path
// "plain ROUTE".
func serve(answers conformance.Answers) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/index.php" {
			r.URL.Path = "plain " + r.URL.Query().Get("rest_route")
		}
		answers.ServeHTTP(w, r)
	})
}

const (
	pathUsers = "/wp-json/wp/v2/users"
	pathOwn   = pathUsers + "/me/application-passwords/introspect"
	indexBody = `{"name":"Intranet","authentication":{"application-passwords":{"endpoints":{"authorization":"https://x.example/wp-admin/authorize-application.php"}}}}`
)

func pathOf(user string) string { return pathUsers + "/" + user + "/application-passwords" }

// recorded is the site of the captures: the scan is the administrator.
func recorded(t testing.TB) conformance.Answers {
	return conformance.Answers{
		"":          apiError(http.StatusNotFound, "rest_no_route"),
		"/wp-json/": ok(indexBody),
		pathUsers:   users(conformance.Fixture(t, "users.json"), 4, 1),
		pathOf("1"): ok(conformance.Fixture(t, "application-passwords-user1.json")),
		pathOf("2"): ok(conformance.Fixture(t, "application-passwords-user2.json")),
		pathOf("3"): ok(conformance.Fixture(t, "application-passwords-user3.json")),
		pathOf("4"): ok(conformance.Fixture(t, "application-passwords-user4.json")),
		pathOwn:     ok(`{"uuid":"8c87089c-e711-45da-929d-25fe45b585f7","name":"bootstrap"}`),
	}
}

func entry(name, baseURL string) collectors.Entry {
	return collectors.Entry{CMS: CMS, Name: name, BaseURL: baseURL, Values: map[string]any{
		optionUsername: "auditor", optionPassword: cmsapi.NewSecret(planted + " " + name),
	}}
}

// TestConformance runs the suite of all collectors on two sites. The users have
// few capabilities, because the suite spoils each of them.
func TestConformance(t *testing.T) {
	const people = `[
		{"id":1,"username":"admin","name":"Admin","roles":["administrator"],"capabilities":{"manage_options":true,"read":true,"administrator":true}},
		{"id":4,"username":"su","name":"Su","roles":["subscriber"],"capabilities":{"read":true,"subscriber":true}}]`
	answers := recorded(t)
	answers[pathUsers] = users(people, 2, 1)
	const capabilities = "[].capabilities."
	failure := func(status int, code string, class inventory.ErrorClass) conformance.Failure {
		return conformance.Failure{Name: code + " with " + strconv.Itoa(status), Status: status, Body: apiError(status, code).Body, Classes: []inventory.ErrorClass{class}}
	}
	conformance.Run(t, conformance.Target{
		Definition: Definition(),
		Handler:    func() http.Handler { return serve(answers) },
		Entries: func(baseURL string) []collectors.Entry {
			return []collectors.Entry{entry("intranet", baseURL), entry("blog", baseURL)}
		},
		Endpoints: []conformance.Endpoint{
			// Without the root of the API nothing of the site is read.
			{Path: "/wp-json/", Unit: unitSite, Also: []string{unitUsers, unitPasswords, unitAuditor}},
			{
				Path: pathUsers, Unit: unitUsers, Also: []string{unitPasswords},
				// A capability that a user does not have is not in the object.
				Nullable: []string{capabilities + "manage_options", capabilities + "read", capabilities + "administrator", capabilities + "subscriber"},
				Paging:   &conformance.Paging{TotalHeader: "X-WP-Total", Skip: "page", PageNumbers: true, Limit: "per_page"},
			},
			{Path: pathOwn, Unit: unitAuditor},
			{Path: pathUsers + "/*/application-passwords", Unit: unitPasswords, Nullable: []string{"[].last_used", "[].last_ip"}},
		},
		Otherwise:    []string{"/index.php"},
		LimitHeaders: http.Header{"Retry-After": {"2"}},
		Failures: []conformance.Failure{
			failure(401, "rest_cannot_list_application_passwords", inventory.ErrUnauthorized),
			failure(403, "rest_cannot_list_application_passwords", inventory.ErrPermissionDenied),
			failure(403, "rest_forbidden_context", inventory.ErrPermissionDenied),
			failure(404, "rest_user_invalid_id", inventory.ErrNotFound),
			failure(404, "rest_no_route", inventory.ErrNotFound),
			failure(501, "application_passwords_disabled", inventory.ErrUnavailable),
			failure(501, "application_passwords_disabled_for_user", inventory.ErrUnavailable),
		},
		Secrets: []string{planted},
	})
}
