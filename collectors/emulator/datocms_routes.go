package emulator

// datoCMSRoutes is the surface of the emulator.
func datoCMSRoutes() []datoCMSRoute {
	const tokens, users = "can_manage_access_tokens", "can_manage_users"
	return []datoCMSRoute{
		{"GET /access_tokens", tokens, listDatoCMSTokens},
		{"GET /access_tokens/{token}", tokens, getDatoCMSToken},
		{"GET /roles", users, listDatoCMSRoles},
		{"GET /roles/{role}", users, getDatoCMSRole},
		{"GET /environments", "", listDatoCMSEnvironments},
		{"GET /environments/{environment}", "", getDatoCMSEnvironment},
		{"GET /site", "", getSite},
		{"GET /users/me", "", getDatoCMSMe},
		{"GET /users", users, listDatoCMSUsers},
		{"GET /sso-users", "can_manage_sso", listNothing},
		{"GET /webhooks", "can_manage_webhooks", listDatoCMSWebhooks},
		{"GET /build-triggers", "can_manage_build_triggers", listBuildTriggers},
		{"GET /usage-log-counters/{counter}", "", getUsageCounter},
		{"GET /daily-site-usages", "", listNothing},
	}
}
