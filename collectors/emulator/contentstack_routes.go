package emulator

// contentstackRoutes is the surface of the emulator.
func contentstackRoutes() []contentstackRoute {
	anyUser := contentstackNeed{module: "user"}
	ofOrganization := contentstackNeed{module: "organization"}
	ofStack := func(scope string) contentstackNeed { return contentstackNeed{stack: true, scope: scope} }
	delivery := contentstackNeed{
		stack: true, module: "tokens", scope: "cm.stack.delivery-tokens:read",
		roles: []string{ContentstackOwner, ContentstackAdmin, ContentstackDeveloper},
	}
	management := contentstackNeed{
		stack: true, module: "tokens", scope: "cm.stack.management-tokens:read",
		roles: []string{ContentstackOwner, ContentstackAdmin},
	}
	return []contentstackRoute{
		{"GET /v3/user", anyUser, getContentstackUser},

		{"GET /v3/organizations", anyUser, listContentstackOrganizations},
		{"GET /v3/organizations/{organization}", ofOrganization, getContentstackOrganization},
		{"GET /v3/organizations/{organization}/stacks", ofOrganization, listStacks},
		{"GET /v3/organizations/{organization}/share", ofOrganization, listShares},
		{"GET /v3/organizations/{organization}/roles", ofOrganization, listOrganizationRoleNames},
		{"GET /v3/organizations/{organization}/logs", ofOrganization, listOrganizationLogs},

		{"GET /v3/stacks", contentstackNeed{module: "stack"}, getStackOrList},
		{"GET /v3/stacks/delivery_tokens", delivery, listDeliveryTokens},
		{"GET /v3/stacks/delivery_tokens/{token}", delivery, getDeliveryToken},
		{"GET /v3/stacks/management_tokens", management, listManagementTokens},
		{"GET /v3/stacks/management_tokens/{token}", management, getManagementToken},

		{"GET /v3/stacks/branches", ofStack("cm.branches.management:read"), listBranches},
		{"GET /v3/stacks/branch_aliases", ofStack("cm.branch-aliases.management:read"), listBranchAliases},
		{"GET /v3/environments", ofStack("cm.environments.management:read"), listContentstackEnvironments},
		{"GET /v3/environments/{environment}", ofStack("cm.environments.management:read"), getContentstackEnvironment},
		{"GET /v3/roles", ofStack("cm.roles.management:read"), listStackRoles},
		{"GET /v3/webhooks", ofStack("cm.webhooks.management:read"), listContentstackWebhooks},
		{"GET /v3/audit-logs", ofStack("cm.audit-logs:read"), listAuditLogs},
		{"GET /v3/audit-logs/{log}", ofStack("cm.audit-logs:read"), getAuditLog},
	}
}
