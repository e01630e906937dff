package contentful

// routes is the surface of the emulator, in the order of the facts.
func routes() []route {
	return []route{
		{"GET /users/me", anyone, getMe},
		{"GET /users/me/access_tokens", anyone, listOwnTokens},
		{"GET /users/me/access_tokens/{token}", anyone, getOwnToken},
		{"GET /users/{user}/oauth_applications", anyone, listOAuthApplications},

		{"GET /organizations", anyone, listOrganizations},
		{"GET /organizations/{organization}", organizationAdmin, getOrganization},
		{"GET /organizations/{organization}/access_grant", grantMember, getAccessGrant},
		{"GET /organizations/{organization}/access_tokens", organizationTokens, listOrganizationTokens},
		{"GET /organizations/{organization}/spaces", organizationAdmin, listOrganizationSpaces},
		{"GET /organizations/{organization}/roles", organizationAdmin, listOrganizationRoles},
		{"GET /organizations/{organization}/space_memberships", organizationAdmin, listOrganizationSpaceMemberships},
		{"GET /organizations/{organization}/team_space_memberships", organizationAdmin, listTeamSpaceMemberships},
		{"GET /organizations/{organization}/organization_memberships", organizationMember, listMemberships},
		{"GET /organizations/{organization}/users", organizationMember, listUsers},
		{"GET /organizations/{organization}/users/{user}", organizationMember, getUser},
		{"GET /organizations/{organization}/teams", organizationMember, listTeams},
		{"GET /organizations/{organization}/team_memberships", organizationAdmin, listTeamMemberships},
		{"GET /organizations/{organization}/teams/{team}/team_memberships", organizationAdmin, listTeamMemberships},
		{"GET /organizations/{organization}/app_definitions", organizationMember, listApps},
		{"GET /organizations/{organization}/app_definitions/{app}/keys", organizationMember, listAppKeys},
		{"GET /organizations/{organization}/app_definitions/{app}/signing_secret", organizationMember, getAppSigningSecret},

		{"GET /spaces", anyone, listSpaces},
		{"GET /spaces/{space}", spaceMember, getSpace},
		{"GET /spaces/{space}/api_keys", keyReader, listKeys},
		{"GET /spaces/{space}/api_keys/{key}", keyReader, getKey},
		{"GET /spaces/{space}/preview_api_keys", keyReader, listPreviewKeys},
		{"GET /spaces/{space}/preview_api_keys/{key}", keyReader, getPreviewKey},
		{"GET /spaces/{space}/environments", spaceMember, listEnvironments},
		{"GET /spaces/{space}/environments/{environment}", spaceMember, getEnvironment},
		{"GET /spaces/{space}/environment_aliases", spaceMember, listAliases},
		{"GET /spaces/{space}/environment_aliases/{alias}", spaceMember, getAlias},
		{"GET /spaces/{space}/roles", spaceMember, listRoles},
		{"GET /spaces/{space}/roles/{role}", spaceMember, getRole},
		{"GET /spaces/{space}/space_memberships", spaceMember, listSpaceMemberships},
		{"GET /spaces/{space}/space_members", spaceMember, listSpaceMembers},
		{"GET /spaces/{space}/team_space_memberships", spaceAdmin, listTeamSpaceMemberships},
		{"GET /spaces/{space}/users", spaceMember, listSpaceUsers},
		{"GET /spaces/{space}/webhook_definitions", spaceAdmin, listWebhooks},
		{"GET /spaces/{space}/webhook_settings/signing_secret", spaceAdmin, getWebhookSigningSecret},
	}
}
