package emulator

// listOAuthApplications serves the caller's own applications only, by the id of
// the user; their secrets are in clear.
func listOAuthApplications(call *contentfulCall) reply {
	if call.r.PathValue("user") != call.user.ID {
		return contentfulNotFound()
	}
	items := []object{}
	for _, a := range call.user.OAuthApplications {
		items = append(items, object{
			"name": a.Name, "description": "", "clientId": a.ClientID, "clientSecret": a.ClientSecret,
			"redirectUri": "https://example.com/callback", "scopes": list(a.Scopes), "confidential": true,
			"sys": object{
				"type": "Application", "id": a.ID, "version": 1,
				"createdAt": call.time(a.CreatedAt), "updatedAt": call.time(a.CreatedAt),
				"lastUsedAt": call.timeOrNull(a.LastUsedAt),
			},
		})
	}
	return ok(object{
		"sys": object{"type": "Array"}, "items": items, "limit": contentfulPageCap, "total": len(items), "pages": object{},
	})
}

func listApps(call *contentfulCall) reply {
	var items []object
	for _, a := range call.organization.Apps {
		items = append(items, object{"name": a.Name, "sys": object{
			"type": "AppDefinition", "id": a.ID, "organization": link("Organization", call.organization.ID), "shared": false,
			"createdBy": link("User", a.CreatedBy), "updatedBy": link("User", a.CreatedBy),
			"createdAt": call.time(a.CreatedAt), "updatedAt": call.time(a.CreatedAt),
		}})
	}
	return call.page(items)
}

func (call *contentfulCall) app() *ContentfulApp {
	id := call.r.PathValue("app")
	return find(call.organization.Apps, func(a *ContentfulApp) bool { return a.ID == id })
}

func listAppKeys(call *contentfulCall) reply {
	a := call.app()
	if a == nil {
		return contentfulNotFound()
	}
	var items []object
	for _, k := range a.Keys {
		items = append(items, object{
			"jwk": object{"alg": "RS256", "kty": "RSA", "use": "sig", "x5c": []string{"MIIC"}, "kid": k.ID, "x5t": k.ID},
			"sys": object{
				"type": "AppKey", "id": k.ID,
				"appDefinition": link("AppDefinition", a.ID), "organization": link("Organization", call.organization.ID),
				"createdBy": link("User", k.CreatedBy), "updatedBy": link("User", k.CreatedBy),
				"createdAt": call.time(k.CreatedAt), "updatedAt": call.time(k.CreatedAt),
				"lastUsedAt": call.timeOrNull(k.LastUsedAt),
			},
		})
	}
	return call.page(items)
}

func getAppSigningSecret(call *contentfulCall) reply {
	a := call.app()
	if a == nil || a.SigningSecret == "" {
		return contentfulNotFound()
	}
	return ok(object{
		"redactedValue": redacted(a.SigningSecret),
		"sys": object{
			"type": "AppSigningSecret", "appDefinition": link("AppDefinition", a.ID),
			"createdBy": link("User", a.CreatedBy), "updatedBy": link("User", a.CreatedBy),
			"createdAt": call.time(a.CreatedAt), "updatedAt": call.time(a.CreatedAt),
		},
	})
}

// listWebhooks serves the values of headers that are not marked secret.
func listWebhooks(call *contentfulCall) reply {
	var items []object
	for _, h := range call.space.Webhooks {
		headers := []object{}
		for _, header := range h.Headers {
			if header.Secret {
				headers = append(headers, object{"key": header.Key, "secret": true})
				continue
			}
			headers = append(headers, object{"key": header.Key, "value": header.Value})
		}
		item := object{
			"name": h.Name, "url": h.URL, "topics": list(h.Topics), "httpBasicUsername": nil,
			"headers": headers, "filters": nil, "active": true,
			"sys": object{
				"type": "WebhookDefinition", "id": h.ID, "version": 1, "space": link("Space", call.space.ID),
				"createdAt": call.time(h.CreatedAt), "updatedAt": call.time(h.CreatedAt),
			},
		}
		if h.BasicUsername != "" {
			item["httpBasicUsername"] = h.BasicUsername
		}
		items = append(items, item)
	}
	return call.page(items)
}

func getWebhookSigningSecret(*contentfulCall) reply { return contentfulNotFound() }
