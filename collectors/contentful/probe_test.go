package contentful

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestProbe(t *testing.T) {
	t.Parallel()
	const organization = "/organizations/" + testOrganization
	const others = "list keys of the other spaces"
	spaceChecks := func(id string) []string {
		return []string{"list API keys of space " + id + " ok", "list preview keys of space " + id + " ok",
			"list environments of space " + id + " ok", "list environment aliases of space " + id + " ok"}
	}
	head := func(middle ...string) []string {
		return append(append([]string{"identity ok", "credential ok"}, middle...), spaceChecks("web")...)
	}
	for _, test := range []struct {
		name    string
		values  map[string]any
		answers map[string]http.HandlerFunc
		want    []string
		// hints have to be in the checks that are not ok, in order.
		hints []string
	}{
		{
			name: "all well", values: organizationEntry(),
			want: append(head("authorization ok", "organization role ok", "list organization tokens ok", "list spaces ok"), others+" ok"),
		},
		{
			name: "a space whose keys are hidden", values: organizationEntry(),
			answers: map[string]http.HandlerFunc{"/spaces/blog/preview_api_keys": failure(403, "AccessDenied")},
			want:    append(head("authorization ok", "organization role ok", "list organization tokens ok", "list spaces ok"), others+" failed permission_denied"),
			hints:   []string{"API keys"},
		},
		{
			name: "no keys, seen by an admin of the organization", values: organizationEntry(),
			answers: map[string]http.HandlerFunc{"/spaces/web/api_keys": items(), "/spaces/web/preview_api_keys": items()},
			want:    append(head("authorization ok", "organization role ok", "list organization tokens ok", "list spaces ok"), others+" ok"),
		},
		{
			name: "no keys in another space, seen by somebody who may read none", values: organizationEntry(),
			answers: map[string]http.HandlerFunc{
				organization + "/organization_memberships": items(`{"role":"developer","sys":{"id":"om","user":{"sys":{"id":"uAudit"}}}}`),
				"/spaces/blog/api_keys":                    items(), "/spaces/blog/preview_api_keys": items(),
				"/spaces/blog/space_members": items(`{"admin":false,"roles":[],"sys":{"id":"sm1","user":{"sys":{"id":"uAudit"}}}}`),
				"/spaces/blog/roles":         items(),
			},
			want:  append(head("authorization ok", "organization role warning", "list organization tokens failed permission_denied", "list spaces ok"), others+" failed doubted_empty"),
			hints: []string{"Owner or Admin", "Owner or Admin", "API keys"},
		},
		{
			name: "no keys, and nobody says whether they are hidden", values: map[string]any{optionSpaces: []string{"web"}},
			answers: map[string]http.HandlerFunc{
				"/spaces/web/api_keys": items(), "/spaces/web/preview_api_keys": items(), "/spaces/web/space_members": failure(403, "AccessDenied"),
			},
			want: []string{"identity ok", "credential ok", "list API keys of space web failed doubted_empty", "list preview keys of space web failed doubted_empty",
				"list environments of space web ok", "list environment aliases of space web ok"},
			hints: []string{"API keys", "API keys"},
		},
		{
			name: "lists that lack what must be in them", values: organizationEntry(),
			answers: map[string]http.HandlerFunc{
				organization + "/access_tokens": items(), "/spaces/web/environments": items(),
			},
			want: []string{"identity ok", "credential ok", "authorization ok", "organization role ok", "list organization tokens failed truncated", "list spaces ok",
				"list API keys of space web ok", "list preview keys of space web ok", "list environments of space web failed truncated",
				"list environment aliases of space web ok", others + " ok"},
			hints: []string{"Owner or Admin", "a member of the space"},
		},
		{
			name: "no tokens, and nobody says whether they are hidden", values: organizationEntry(),
			answers: map[string]http.HandlerFunc{
				organization + "/access_tokens": items(), "/users/me/access_tokens": items(), organization + "/organization_memberships": failure(403, "AccessDenied"),
			},
			want: append([]string{"identity ok", "credential ok", "authorization ok", "organization role failed permission_denied",
				"list organization tokens failed doubted_empty", "list spaces ok"}, append(spaceChecks("web"), others+" ok")...),
			hints: []string{"larger plans", "accept_empty"},
		},
		{
			name: "no spaces, to a member of some", values: organizationEntry(),
			answers: map[string]http.HandlerFunc{organization + "/spaces": items()},
			want: []string{"identity ok", "credential ok", "authorization ok", "organization role ok", "list organization tokens ok", "list spaces failed truncated",
				"list API keys of space web ok", "list preview keys of space web ok", "list environments of space web ok",
				"list environment aliases of space web ok"},
			hints: []string{"Owner or Admin"},
		},
		{
			name: "spaces alone", values: map[string]any{optionSpaces: []string{"web"}},
			want: head(),
		},
		{
			name: "rejected", values: organizationEntry(),
			answers: map[string]http.HandlerFunc{"/users/me": failure(401, "AccessTokenInvalid")},
			want:    []string{"identity failed unauthorized"}, hints: []string{"CFPAT"},
		},
		{
			name: "not authorized for the organization", values: organizationEntry(),
			answers: map[string]http.HandlerFunc{
				organization + "/access_grant":             body(`{"accessGrant":"false"}`),
				organization + "/access_tokens":            failure(403, "AccessTokenInvalid"),
				organization + "/spaces":                   failure(403, "AccessTokenInvalid"),
				organization + "/organization_memberships": failure(403, "AccessTokenInvalid"),
			},
			want: []string{"identity ok", "credential ok", "authorization failed unauthorized", "organization role failed unauthorized",
				"list organization tokens failed unauthorized", "list spaces failed unauthorized", "list API keys of space web ok",
				"list preview keys of space web ok", "list environments of space web ok", "list environment aliases of space web ok"},
			hints: []string{"press Authorize", "press Authorize", "press Authorize", "press Authorize"},
		},
		{
			name: "no admin", values: organizationEntry(),
			answers: map[string]http.HandlerFunc{
				organization + "/access_tokens":            failure(403, "AccessDenied"),
				organization + "/organization_memberships": items(`{"role":"developer","sys":{"id":"om","user":{"sys":{"id":"uAudit"}}}}`),
			},
			want:  append(head("authorization ok", "organization role warning", "list organization tokens failed permission_denied", "list spaces ok"), others+" ok"),
			hints: []string{"Owner or Admin", "Owner or Admin"},
		},
		{
			name: "a stranger", values: organizationEntry(),
			answers: map[string]http.HandlerFunc{organization + "/organization_memberships": items()},
			want:    append(head("authorization ok", "organization role failed not_found", "list organization tokens ok", "list spaces ok"), others+" ok"),
			hints:   []string{"a member"},
		},
		{
			name: "a credential that is too strong", values: map[string]any{optionSpaces: []string{"web"}},
			answers: map[string]http.HandlerFunc{"/users/me/access_tokens": items(
				`{"name":"laptop","revokedAt":null,"scopes":["content_management_manage"],"sys":{"id":"a","expiresAt":null,"redactedValue":"Ud1T"}}`)},
			want:  append([]string{"identity ok", "credential warning"}, spaceChecks("web")...),
			hints: []string{"content_management_read"},
		},
		{
			name: "no permission for API keys, no aliases", values: map[string]any{optionSpaces: []string{"web"}},
			answers: map[string]http.HandlerFunc{
				"/spaces/web/api_keys":            failure(403, "AccessDenied"),
				"/spaces/web/environment_aliases": failure(404, "NotFound"),
			},
			want: []string{"identity ok", "credential ok", "list API keys of space web failed permission_denied", "list preview keys of space web ok",
				"list environments of space web ok", "list environment aliases of space web warning"},
			hints: []string{"API keys", "A space without aliases"},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t, test.answers)
			var got, hints []string
			for _, check := range s.open(t, test.values).Probe(t.Context()) {
				got = append(got, strings.TrimSpace(fmt.Sprintf("%s %s %s", check.Name, check.Status, check.Class)))
				if check.Status != "ok" {
					hints = append(hints, check.Hint)
				}
				if check.Detail == "" {
					t.Errorf("%s has no detail", check.Name)
				}
				if strings.Contains(check.Detail+check.Hint, "SECRET") {
					t.Errorf("%s tells a secret", check.Name)
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("checks (-want +got):\n%s", diff)
			}
			if len(hints) != len(test.hints) {
				t.Fatalf("got hints %q", hints)
			}
			for i, want := range test.hints {
				if !strings.Contains(hints[i], want) {
					t.Errorf("hint %d is %q, want it to say %q", i, hints[i], want)
				}
			}
		})
	}
}
