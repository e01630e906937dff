package contentful

import "github.com/tokenaudit/tokenaudit/collectors/emulator"

// listOAuthApplications serves the caller's own applications only, by the id of
// the user; their secrets are in clear.
func listOAuthApplications(call *request) emulator.Reply {
	if call.r.PathValue("user") != call.user.ID {
		return notFound()
	}
	items := []emulator.Object{}
	for _, a := range call.user.OAuthApplications {
		items = append(items, emulator.Object{
			"name": a.Name, "description": "", "clientId": a.ClientID, "clientSecret": a.ClientSecret,
			"redirectUri": "https://example.com/callback", "scopes": emulator.List(a.Scopes), "confidential": true,
			"sys": emulator.Object{
				"type": "Application", "id": a.ID, "version": 1,
				"createdAt": call.time(a.CreatedAt), "updatedAt": call.time(a.CreatedAt),
				"lastUsedAt": call.timeOrNull(a.LastUsedAt),
			},
		})
	}
	return emulator.OK(emulator.Object{
		"sys": emulator.Object{"type": "Array"}, "items": items, "limit": pageCap, "total": len(items), "pages": emulator.Object{},
	})
}

func listApps(call *request) emulator.Reply {
	var items []emulator.Object
	for _, a := range call.organization.Apps {
		items = append(items, emulator.Object{"name": a.Name, "sys": emulator.Object{
			"type": "AppDefinition", "id": a.ID, "organization": link("Organization", call.organization.ID), "shared": false,
			"createdBy": link("User", a.CreatedBy), "updatedBy": link("User", a.CreatedBy),
			"createdAt": call.time(a.CreatedAt), "updatedAt": call.time(a.CreatedAt),
		}})
	}
	return call.page(items)
}

func (call *request) app() *App {
	id := call.r.PathValue("app")
	return emulator.Find(call.organization.Apps, func(a *App) bool { return a.ID == id })
}

func listAppKeys(call *request) emulator.Reply {
	a := call.app()
	if a == nil {
		return notFound()
	}
	var items []emulator.Object
	for _, k := range a.Keys {
		items = append(items, emulator.Object{
			"jwk": emulator.Object{"alg": "RS256", "kty": "RSA", "use": "sig", "x5c": []string{"MIIC"}, "kid": k.ID, "x5t": k.ID},
			"sys": emulator.Object{
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

func getAppSigningSecret(call *request) emulator.Reply {
	a := call.app()
	if a == nil || a.SigningSecret == "" {
		return notFound()
	}
	return emulator.OK(emulator.Object{
		"redactedValue": redacted(a.SigningSecret),
		"sys": emulator.Object{
			"type": "AppSigningSecret", "appDefinition": link("AppDefinition", a.ID),
			"createdBy": link("User", a.CreatedBy), "updatedBy": link("User", a.CreatedBy),
			"createdAt": call.time(a.CreatedAt), "updatedAt": call.time(a.CreatedAt),
		},
	})
}

// listWebhooks serves the values of headers that are not marked secret.
func listWebhooks(call *request) emulator.Reply {
	var items []emulator.Object
	for _, h := range call.space.Webhooks {
		headers := []emulator.Object{}
		for _, header := range h.Headers {
			if header.Secret {
				headers = append(headers, emulator.Object{"key": header.Key, "secret": true})
				continue
			}
			headers = append(headers, emulator.Object{"key": header.Key, "value": header.Value})
		}
		item := emulator.Object{
			"name": h.Name, "url": h.URL, "topics": emulator.List(h.Topics), "httpBasicUsername": nil,
			"headers": headers, "filters": nil, "active": true,
			"sys": emulator.Object{
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

func getWebhookSigningSecret(*request) emulator.Reply { return notFound() }
