package contentstack

// routes is the surface of the emulator.
func routes() []route {
	anyUser := need{module: "user"}
	ofOrganization := need{module: "organization"}
	ofStack := func(scope string) need { return need{stack: true, scope: scope} }
	delivery := need{
		stack: true, module: "tokens", scope: "cm.stack.delivery-tokens:read",
		roles: []string{Owner, Admin, Developer},
	}
	management := need{
		stack: true, module: "tokens", scope: "cm.stack.management-tokens:read",
		roles: []string{Owner, Admin},
	}
	return []route{
		{"GET /v3/user", anyUser, getUser},

		{"GET /v3/organizations", anyUser, listOrganizations},
		{"GET /v3/organizations/{organization}", ofOrganization, getOrganization},
		{"GET /v3/organizations/{organization}/stacks", ofOrganization, listStacks},
		{"GET /v3/organizations/{organization}/share", ofOrganization, listShares},
		{"GET /v3/organizations/{organization}/roles", ofOrganization, listOrganizationRoleNames},
		{"GET /v3/organizations/{organization}/logs", ofOrganization, listOrganizationLogs},

		{"GET /v3/stacks", need{module: "stack"}, getStackOrList},
		{"GET /v3/stacks/delivery_tokens", delivery, listDeliveryTokens},
		{"GET /v3/stacks/delivery_tokens/{token}", delivery, getDeliveryToken},
		{"GET /v3/stacks/management_tokens", management, listManagementTokens},
		{"GET /v3/stacks/management_tokens/{token}", management, getManagementToken},

		{"GET /v3/stacks/branches", ofStack("cm.branches.management:read"), listBranches},
		{"GET /v3/stacks/branch_aliases", ofStack("cm.branch-aliases.management:read"), listBranchAliases},
		{"GET /v3/environments", ofStack("cm.environments.management:read"), listEnvironments},
		{"GET /v3/environments/{environment}", ofStack("cm.environments.management:read"), getEnvironment},
		{"GET /v3/roles", ofStack("cm.roles.management:read"), listStackRoles},
		{"GET /v3/webhooks", ofStack("cm.webhooks.management:read"), listWebhooks},
		{"GET /v3/audit-logs", ofStack("cm.audit-logs:read"), listAuditLogs},
		{"GET /v3/audit-logs/{log}", ofStack("cm.audit-logs:read"), getAuditLog},
	}
}
