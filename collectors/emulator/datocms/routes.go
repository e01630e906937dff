package datocms

// routes is the surface of the emulator.
func routes() []route {
	const tokens, users = "can_manage_access_tokens", "can_manage_users"
	return []route{
		{"GET /access_tokens", tokens, listTokens},
		{"GET /access_tokens/{token}", tokens, getToken},
		{"GET /roles", users, listRoles},
		{"GET /roles/{role}", users, getRole},
		{"GET /environments", "", listEnvironments},
		{"GET /environments/{environment}", "", getEnvironment},
		{"GET /site", "", getSite},
		{"GET /users/me", "", getMe},
		{"GET /users", users, listUsers},
		{"GET /sso-users", "can_manage_sso", listNothing},
		{"GET /webhooks", "can_manage_webhooks", listWebhooks},
		{"GET /build-triggers", "can_manage_build_triggers", listBuildTriggers},
		{"GET /usage-log-counters/{counter}", "", getUsageCounter},
		{"GET /daily-site-usages", "", listNothing},
	}
}
