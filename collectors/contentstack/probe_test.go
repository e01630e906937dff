package contentstack

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenaudit/tokenaudit/collectors"
	"github.com/tokenaudit/tokenaudit/collectors/cmsapi"
	"github.com/tokenaudit/tokenaudit/collectors/conformance"
)

// probe returns the checks as lines of status, name, detail and the beginning of
// the hint.
func (h *harness) probe(t *testing.T, entry collectors.Entry) []string {
	t.Helper()
	c, err := newCollector(entry, h.run)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, check := range c.(collectors.Prober).Probe(t.Context()) {
		line := fmt.Sprintf("%s %s: %s", check.Status, check.Name, check.Detail)
		if check.Hint != "" {
			line += " | " + strings.Join(strings.Fields(check.Hint)[:4], " ")
		}
		if strings.Contains(fmt.Sprintf("%+v", check), "PLANTED") {
			t.Errorf("a secret is in a check: %+v", check)
		}
		lines = append(lines, line)
	}
	return lines
}

func TestProbe(t *testing.T) {
	t.Parallel()
	member := strings.Replace(conformance.Fixture(t, "user.json"), `"admin": true`, `"admin": false`, 1)
	for _, tt := range []struct {
		name  string
		entry collectors.Entry
		set   func(*server)
		want  []string
	}{
		{"all is well", organizationEntry(), func(*server) {}, []string{
			"ok identity: an authtoken of Ada Auditor (bltuserauditor0001)",
			"ok organization: owner or admin of bltorg",
			"ok list stacks: 2 of organization bltorg",
			"ok list every stack of the organization: 2 of organization bltorg",
			"ok list delivery tokens: 4 of stack Web",
			"ok list management tokens: 6 of stack Web",
			"ok list environments: 2 of stack Web",
			"ok list branches: 3 of stack Web",
			"ok list organization users: 3 of organization bltorg",
			"ok list delivery tokens of the other stacks: 1 stack",
			"ok list management tokens of the other stacks: 1 stack",
		}},
		{"rights are missing", organizationEntry(), func(s *server) {
			s.bodies["/v3/user"] = member
			s.bodies["/v3/stacks bltorg"] = strings.Replace(conformance.Fixture(t, "stacks.json"), `"count": 2`, `"count": 1`, 1)
			s.replies["/v3/stacks/management_tokens "+webKey] = refusal(401, 105, "You're not allowed in here unless you're logged in.")
			s.replies["/v3/stacks/delivery_tokens "+webKey] = reply{Status: 200, Body: `{"tokens": [{"uid": "blt1"}]}`}
			s.replies["/v3/stacks/management_tokens "+shopKey] = refusal(401, 161, "You don't have the permission to do this operation.")
			s.replies["/v3/environments "+webKey] = reply{Status: 200, Body: `{"environments": []}`}
			s.replies["/v3/organizations/bltorg/share bltorg"] = refusal(403, 0, "Access denied.")
		}, []string{
			"ok identity: an authtoken of Ada Auditor (bltuserauditor0001)",
			"warning organization: a member of bltorg, not an admin | Stacks that are not",
			"ok list stacks: 1 of organization bltorg",
			"warning list every stack of the organization: 1 of 2 stacks are shared with this credential | The tokens of the",
			"ok list delivery tokens: some of stack Web",
			"failed list management tokens: GET /v3/stacks/management_tokens: 401 105: You're not allowed in here unless you're logged in. | Only the owner and",
			"ok list environments: none of stack Web",
			"ok list branches: 3 of stack Web",
			"warning list organization users: GET /v3/organizations/bltorg/share: 403 Access denied. | Only the owner and",
			"ok list delivery tokens of the other stacks: 1 stack",
			"failed list management tokens of the other stacks: not ok for 1 of 1 stack: Shop: GET /v3/stacks/management_tokens: 401 161: You don't have the permission to do this operation. | Only the owner and",
		}},
		{"an empty list to a member", organizationEntry(), func(s *server) {
			s.bodies["/v3/user"] = member
			s.bodies["/v3/stacks/management_tokens "+webKey] = `{"tokens": []}`
			s.bodies["/v3/stacks/management_tokens "+shopKey] = `{"tokens": []}`
		}, []string{
			"ok identity: an authtoken of Ada Auditor (bltuserauditor0001)",
			"warning organization: a member of bltorg, not an admin | Stacks that are not",
			"ok list stacks: 2 of organization bltorg",
			"ok list every stack of the organization: 2 of organization bltorg",
			"ok list delivery tokens: 4 of stack Web",
			"warning list management tokens: none of stack Web; only admins of the stack are shown any | Only the owner and",
			"ok list environments: 2 of stack Web",
			"ok list branches: 3 of stack Web",
			"ok list organization users: 3 of organization bltorg",
			"ok list delivery tokens of the other stacks: 1 stack",
			// The caller owns that one.
			"ok list management tokens of the other stacks: 1 stack",
		}},
		{"the session has expired", organizationEntry(), func(s *server) {
			s.replies["/v3/user"] = refusal(401, 105, "You're not allowed in here unless you're logged in.")
		}, []string{
			"failed identity: GET /v3/user: 401 105: You're not allowed in here unless you're logged in. | Log in again (csdx",
		}},
		{"an app token has no user", func() collectors.Entry {
			e := organizationEntry()
			delete(e.Values, optionAuthtoken)
			e.Values[optionOAuthToken] = cmsapi.NewSecret(authtoken)
			return e
		}(), func(s *server) {
			s.replies["/v3/user"] = refusal(401, 105, "no user")
			s.replies["/v3/organizations/bltorg/stacks bltorg"] = refusal(403, 0, "Access denied.")
			s.bodies["/v3/stacks bltorg"] = strings.Replace(conformance.Fixture(t, "stacks.json"), `"branches": true`, `"other": true`, 1)
			s.replies["/v3/stacks/branches "+webKey] = refusal(422, 0, "Branches are not enabled.")
		}, []string{
			"warning identity: GET /v3/user: 401 105: no user | An app token has",
			"warning organization: the API does not report the role of this credential in bltorg | Check the uid of",
			"ok list stacks: 2 of organization bltorg",
			"warning list every stack of the organization: GET /v3/organizations/bltorg/stacks: 403 Access denied. | Make the scan's user",
			"ok list delivery tokens: 4 of stack Web",
			"ok list management tokens: 6 of stack Web",
			"ok list environments: 2 of stack Web",
			"ok list branches: the stack does not use branches",
			"ok list organization users: 3 of organization bltorg",
			"ok list delivery tokens of the other stacks: 1 stack",
			"warning list management tokens of the other stacks: not ok for 1 of 1 stack: Shop: none of the stack; only admins of the stack are shown any | Only the owner and",
		}},
		{"listed stacks", listedEntry("PLANTED-api-key-lost", webKey), func(*server) {}, []string{
			"ok identity: an authtoken of Ada Auditor (bltuserauditor0001)",
			"failed list stacks: stacks[0]: GET /v3/stacks: 412 109: We can't find that Stack. Please try again. | Check the api_key, and",
			"ok list stacks: opened Web",
			"ok list delivery tokens: 4 of stack Web",
			"ok list management tokens: 6 of stack Web",
			"ok list environments: 2 of stack Web",
			"ok list branches: 3 of stack Web",
			"ok list organization users: 3 of organization bltorg",
		}},
		{"who it is cannot be told", listedEntry(webKey), func(s *server) { s.replies["/v3/user"] = reply{Status: 200, Body: `{"user": null}`} }, []string{
			"failed identity: GET /v3/user: the response has no user | Run the audit again;",
			"ok list stacks: opened Web",
			"ok list delivery tokens: 4 of stack Web",
			"ok list management tokens: 6 of stack Web",
			"ok list environments: 2 of stack Web",
			"ok list branches: 3 of stack Web",
			"ok list organization users: 3 of organization bltorg",
		}},
		{"an organization without stacks", organizationEntry(), func(s *server) {
			s.bodies["/v3/stacks bltorg"], s.bodies["/v3/organizations/bltorg/stacks bltorg"] = `{"stacks": []}`, `{"stacks": []}`
		}, []string{
			"ok identity: an authtoken of Ada Auditor (bltuserauditor0001)",
			"ok organization: owner or admin of bltorg",
			"ok list stacks: none of organization bltorg",
			"ok list every stack of the organization: none of organization bltorg",
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t)
			tt.set(s)
			if diff := cmp.Diff(tt.want, newHarness(t, s).probe(t, tt.entry)); diff != "" {
				t.Errorf("checks (-want +got):\n%s", diff)
			}
		})
	}
}
