package contentstack

import (
	"net/http"
	"testing"

	"github.com/tokenaudit/tokenaudit/collectors"
	"github.com/tokenaudit/tokenaudit/collectors/conformance"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// The healthy server of the conformance suite: three stacks of one organization,
// with the fields that matter. The bodies of testdata are for the quirks.
const (
	healthyStacks = `{"count": 3, "stacks": [
		{"uid": "bltstackweb000001", "name": "Web", "org_uid": "bltorg", "api_key": "PLANTED-api-key-web", "owner_uid": "bltuserowner00001",
			"master_key": "PLANTED-master-key", "settings": {"branches": true, "discrete_variables": {"secret_key": "PLANTED-secret-key"}},
			"SYS_ACL": {"roles": [{"uid": "bltroleadmin00001", "name": "Admin"}]}},
		{"uid": "bltstackshop00001", "name": "Shop", "org_uid": "bltorg", "api_key": "PLANTED-api-key-shop", "owner_uid": "bltuserowner00001",
			"settings": {"branches": true}},
		{"uid": "bltstackblog00001", "name": "Blog", "org_uid": "bltorg", "api_key": "PLANTED-api-key-blog", "owner_uid": "bltuserowner00001",
			"settings": {"branches": true}}]}`
	healthyDelivery = `{"count": 3, "tokens": [
		{"uid": "bltdelivery000001", "name": "Site", "description": "Read by the site", "token": "PLANTED-delivery-token",
			"created_by": "bltuserdev0000001", "created_at": "2024-07-19T07:41:05.070Z", "updated_at": "2025-07-19T07:41:05.070Z",
			"scope": [
				{"module": "environment", "acl": {"read": true}, "environments": [{"uid": "bltenv1", "name": "production"}]},
				{"module": "branch", "acl": {"read": true}, "branches": ["main", "gone"]},
				{"module": "branch_alias", "acl": {"read": true}, "branch_aliases": ["deploy"]}]},
		{"uid": "bltdelivery000002", "name": "All", "description": "", "token": "PLANTED-delivery-token",
			"created_by": "bltusergone000001", "created_at": "2024-07-19T07:41:05.070Z", "updated_at": "2025-07-19T07:41:05.070Z",
			"scope": [
				{"module": "environment", "acl": {"read": true}, "environments": [{"uid": "bltenv1", "name": "production"}, {"uid": "bltenv2", "name": "staging"}]},
				{"module": "branch", "acl": {"read": true}, "branches": ["main"]}]},
		{"uid": "bltdelivery000003", "name": "App", "description": "", "token": "PLANTED-delivery-token",
			"created_by": "bltuserowner00001", "created_at": "2024-07-19T07:41:05.070Z", "updated_at": "2025-07-19T07:41:05.070Z",
			"scope": [
				{"module": "environment", "acl": {"read": true}, "environments": [{"uid": "bltenv3", "name": "preview"}]},
				{"module": "branch", "acl": {"read": true}, "branches": ["main"]}]}]}`
	healthyManagement = `{"count": 3, "tokens": [
		{"uid": "bltmanagement0001", "name": "CI", "description": "Deploys", "expires_on": "2027-01-31", "is_email_notification_enabled": true,
			"scope": [{"module": "content_type", "acl": {"read": true, "write": true}}, {"module": "branch", "acl": {"read": true}, "branches": ["main"]}],
			"created_by": "bltuserowner00001", "created_at": "2026-01-12T09:32:12.239Z", "updated_at": "2026-01-12T09:32:12.239Z"},
		{"uid": "bltmanagement0002", "name": "Export", "description": "", "expires_on": "2026-12-31T10:00:00.000Z", "is_email_notification_enabled": false,
			"scope": [{"module": "$all", "acl": {"read": true, "write": false}}, {"module": "branch_alias", "acl": {"read": true}, "branch_aliases": ["deploy"]}],
			"created_by": "bltuserdev0000001", "created_at": "2026-01-12T09:32:12.239Z", "updated_at": "2026-01-12T09:32:12.239Z"},
		{"uid": "bltmanagement0003", "name": "Old", "description": "", "expires_on": "2020-12-10", "is_email_notification_enabled": true,
			"scope": [{"module": "entry", "acl": {"read": true, "write": true}}, {"module": "branch", "acl": {"read": true}, "branches": ["main"]}],
			"created_by": "bltusergone000001", "created_at": "2020-01-12T09:32:12.239Z", "updated_at": "2020-01-12T09:32:12.239Z"}]}`
	healthyEnvironments = `{"count": 3, "environments": [
		{"uid": "bltenv1", "name": "production"}, {"uid": "bltenv2", "name": "staging"}, {"uid": "bltenv3", "name": "preview"}]}`
	healthyBranches = `{"count": 3, "branches": [
		{"uid": "main", "deleted_at": false}, {"uid": "dev", "deleted_at": false},
		{"uid": "gone", "deleted_at": "2026-01-12T09:32:12.239Z"}]}`
	healthyAliases = `{"count": 3, "branch_aliases": [
		{"uid": "main", "alias": "deploy"}, {"uid": "dev", "alias": "next"}, {"uid": "dev", "alias": "preview"}]}`
	healthyShares = `{"count": 3, "shares": [
		{"uid": "bltshare000000001", "email": "owner@example.com", "user_uid": "bltuserowner00001", "status": "accepted", "acceptance_token": "PLANTED-acceptance"},
		{"uid": "bltshare000000002", "email": "auditor@example.com", "user_uid": "bltuserauditor0001", "status": "accepted"},
		{"uid": "bltshare000000003", "email": "dev@example.com", "user_uid": "bltuserdev0000001", "status": "accepted"}]}`
	healthyCollaborators = `[{"uid": "bltuserdev0000001", "email": "dev@example.com", "first_name": "Dev", "last_name": "Oper", "roles": ["bltroledeveloper1"]},
		{"uid": "bltuserauditor0001", "email": "auditor@example.com", "roles": ["bltroleadmin00001"]}]`
)

func healthyServer(t *testing.T) func() http.Handler {
	return func() http.Handler {
		s := newServer(t)
		s.bodies["/v3/stacks bltorg"], s.bodies["/v3/organizations/bltorg/stacks bltorg"] = healthyStacks, healthyStacks
		s.bodies["/v3/organizations/bltorg/share bltorg"] = healthyShares
		for _, name := range []string{"web", "shop", "blog"} {
			key := "PLANTED-api-key-" + name
			s.bodies["/v3/stacks/delivery_tokens "+key] = healthyDelivery
			s.bodies["/v3/stacks/management_tokens "+key] = healthyManagement
			s.bodies["/v3/environments "+key] = healthyEnvironments
			s.bodies["/v3/stacks/branches "+key] = healthyBranches
			s.bodies["/v3/stacks/branch_aliases "+key] = healthyAliases
			s.bodies["/v3/stacks "+key] = healthyStack("bltstack"+name, key)
		}
		return http.HandlerFunc(s.serve)
	}
}

func healthyStack(uid, key string) string {
	return `{"stack": {"uid": "` + uid + `", "name": "` + uid + `", "org_uid": "bltorg", "api_key": "` + key + `",
		"owner_uid": "bltuserowner00001", "settings": {"branches": true}, "SYS_ACL": {"roles": [{"uid": "bltroleadmin00001", "name": "Admin"}]},
		"master_key": "PLANTED-master-key", "collaborators": ` + healthyCollaborators + `}}`
}

func limitHeaders() http.Header {
	return http.Header{"X-Ratelimit-Limit": {"10"}, "X-Ratelimit-Remaining": {"0"}}
}

// stackEndpoints are the lists of a stack.
func stackEndpoints() []conformance.Endpoint {
	paged := func(member string) *conformance.Paging {
		return &conformance.Paging{Items: member, Total: "count", TotalOptional: true, Skip: "skip", Limit: "limit"}
	}
	return []conformance.Endpoint{
		{Path: "/v3/stacks/delivery_tokens", Unit: unitDelivery, Paging: paged("tokens"),
			Textual: []string{"tokens[].scope[].environments[]"}},
		{Path: "/v3/stacks/management_tokens", Unit: unitManagement, Paging: paged("tokens"),
			// Without expires_on a token never expires; a right that is not named is
			// not given.
			Nullable: []string{"tokens[].expires_on", "tokens[].scope[].acl.write"}},
		{Path: "/v3/environments", Unit: unitEnvironments, Paging: paged("environments")},
		{Path: "/v3/stacks/branches", Unit: unitBranches, Paging: paged("branches"),
			Nullable: []string{"branches[].deleted_at"}},
		{Path: "/v3/stacks/branch_aliases", Unit: unitAliases, Paging: paged("branch_aliases")},
		{Path: "/v3/organizations/*/share", Unit: unitUsers, Shared: true, Paging: paged("shares")},
		{Path: "/v3/user", Shared: true, Unmarked: "whose credential it is adds to the facts about the scan, and changes none of a token"},
	}
}

// documentedFailures are the errors of the Content Management API.
func documentedFailures() []conformance.Failure {
	body := func(code, message string) string {
		return `{"error_message": "` + message + `", "error_code": ` + code + `, "errors": {}}`
	}
	refused := []inventory.ErrorClass{inventory.ErrUnauthorized, inventory.ErrPermissionDenied}
	denied := []inventory.ErrorClass{inventory.ErrPermissionDenied}
	unknown := []inventory.ErrorClass{inventory.ErrNotFound}
	return []conformance.Failure{
		{Name: "412 with 109", Status: 412, Body: body("109", "We can't find that Stack. Please try again."), Classes: unknown},
		{Name: "401 with 105", Status: 401, Body: body("105", "You're not allowed in here unless you're logged in."), Classes: refused},
		{Name: "401 with 161", Status: 401, Body: body("161", "Access denied."), Classes: denied},
		{Name: "403 with 161", Status: 403, Body: body("161", "Access denied."), Classes: denied},
		{Name: "401 with 294", Status: 401, Body: body("294", "Please login using the Two-Factor verification Token"), Classes: refused},
		{Name: "403 with 316", Status: 403, Body: body("316", "You don't have the permission to do this operation."), Classes: denied},
		{Name: "422 with 21", Status: 422, Body: body("21", "Stack not found"), Classes: unknown},
		{Name: "422 with a negative skip", Status: 422, Body: body("141", "Invalid request parameters."), Classes: []inventory.ErrorClass{inventory.ErrUnreadable}},
	}
}

func plantedSecrets() []string { return []string{"PLANTED"} }

func TestConformanceOfAnOrganization(t *testing.T) {
	stacks := &conformance.Paging{Items: "stacks", Total: "count", TotalOptional: true, Skip: "skip", Limit: "limit"}
	conformance.Run(t, conformance.Target{
		Definition: Definition(),
		Handler:    healthyServer(t),
		Entries: func(baseURL string) []collectors.Entry {
			e := organizationEntry()
			e.BaseURL = baseURL
			return []collectors.Entry{e}
		},
		Endpoints: append(stackEndpoints(),
			conformance.Endpoint{Path: "/v3/stacks", Unit: "stacks", Shared: true, Directory: true, Paging: stacks,
				Unmarked: "the list of every stack has them, too"},
			conformance.Endpoint{Path: "/v3/organizations/*/stacks", Unit: "stacks", Shared: true, Directory: true, Paging: stacks,
				Absent: []int{http.StatusNotFound}}),
		LimitHeaders: limitHeaders(),
		Failures:     documentedFailures(),
		Secrets:      plantedSecrets(),
	})
}

// Listed stacks are looked up one by one; what follows is the same, so its
// answers are slim here.
func TestConformanceOfListedStacks(t *testing.T) {
	endpoints := []conformance.Endpoint{
		{Path: "/v3/stacks", Unit: unitDelivery, Also: []string{unitManagement, unitCollaborators}},
	}
	for _, e := range stackEndpoints() {
		e.Paging, e.Nullable, e.Textual = nil, nil, nil
		endpoints = append(endpoints, e)
	}
	conformance.Run(t, conformance.Target{
		Definition: Definition(),
		Handler: func() http.Handler {
			s := newServer(t)
			s.bodies["/v3/organizations/bltorg/share bltorg"] = `{"shares": [{"user_uid": "bltuserowner00001"}]}`
			s.bodies["/v3/user"] = `{"user": {"uid": "bltuserauditor0001"}}`
			for name, key := range map[string]string{"web": webKey, "shop": shopKey} {
				s.bodies["/v3/stacks/delivery_tokens "+key] = `{"tokens": [{"uid": "blt1", "created_by": "bltusergone000001"}]}`
				s.bodies["/v3/stacks/management_tokens "+key] = `{"tokens": [{"uid": "blt2"}]}`
				s.bodies["/v3/environments "+key] = `{"environments": [{"uid": "bltenv1"}]}`
				s.bodies["/v3/stacks/branches "+key] = `{"branches": [{"uid": "main"}]}`
				s.bodies["/v3/stacks/branch_aliases "+key] = `{"branch_aliases": [{"alias": "deploy", "uid": "main"}]}`
				s.bodies["/v3/stacks "+key] = healthyStack("bltstack"+name, key)
			}
			return http.HandlerFunc(s.serve)
		},
		Entries: func(baseURL string) []collectors.Entry {
			e := listedEntry(webKey, shopKey)
			e.BaseURL = baseURL
			return []collectors.Entry{e}
		},
		Endpoints:    endpoints,
		LimitHeaders: limitHeaders(),
		Failures:     documentedFailures(),
		Secrets:      plantedSecrets(),
	})
}
