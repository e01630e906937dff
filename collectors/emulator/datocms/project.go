package datocms

import (
	"slices"
	"time"

	"github.com/tokenaudit/tokenaudit/collectors/emulator"
)

func timestamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

func listEnvironments(call *request) emulator.Reply {
	items := []emulator.Object{}
	for _, e := range call.project.Environments {
		items = append(items, renderEnvironment(e))
	}
	return emulator.OK(emulator.Object{"data": items})
}

func getEnvironment(call *request) emulator.Reply {
	id := call.r.PathValue("environment")
	if e := emulator.Find(call.project.Environments, func(e *Environment) bool { return e.ID == id }); e != nil {
		return emulator.OK(emulator.Object{"data": renderEnvironment(e)})
	}
	return call.notFound()
}

// renderDatoCMSEnvironment has everything in meta; there are no attributes.
func renderEnvironment(e *Environment) emulator.Object {
	status := e.Status
	if status == "" {
		status = "ready"
	}
	return emulator.Object{"type": "environment", "id": e.ID, "meta": emulator.Object{
		"status": status, "read_only_mode": false, "primary": e.Primary, "forked_from": orNull(e.ForkedFrom),
		"created_at": timestamp(e.CreatedAt), "last_data_change_at": timestamp(e.CreatedAt),
	}}
}

func getSite(call *request) emulator.Reply {
	p := call.project
	return emulator.OK(emulator.Object{"data": emulator.Object{
		"type": "site", "id": p.ID,
		"attributes": emulator.Object{
			"name": p.Name, "domain": nil, "internal_domain": orNull(p.Domain), "google_maps_api_token": orNull(p.MapsKey),
			"imgix_host": "www.datocms-assets.com", "locales": []string{"en"}, "timezone": "Europe/London", "no_index": false,
			"favicon": nil, "last_data_change_at": timestamp(p.CreatedAt), "require_2fa": false, "ip_tracking_enabled": true,
			"force_use_of_sandbox_environments": false, "global_seo": nil, "theme": emulator.Object{}, "assets_cdn_default_settings": emulator.Object{},
		},
		"relationships": emulator.Object{
			"account": emulator.Object{"data": nil}, "owner": emulator.Object{"data": reference("organization", "9001")}, "item_types": emulator.Object{"data": []emulator.Object{}},
		},
		"meta": emulator.Object{"created_at": timestamp(p.CreatedAt), "draft_mode_default": false, "allow_custom_theme": true},
	}})
}

// getDatoCMSMe says who the caller is: a token, or the account that owns the project.
func getMe(call *request) emulator.Reply {
	if call.token == nil {
		return emulator.OK(emulator.Object{"data": emulator.Object{
			"type": "account", "id": "9001",
			"attributes": emulator.Object{"email": "owner@example.com", "first_name": "Olive", "last_name": "Owner", "company": nil},
		}})
	}
	body := emulator.Object{"data": call.renderToken(call.token)}
	if role := call.project.role(call.token.Role); role != nil && slices.Contains(call.r.URL.Query()["include"], "role") {
		body["included"] = []emulator.Object{call.renderRole(role)}
	}
	return emulator.OK(body)
}

func listUsers(call *request) emulator.Reply {
	items := []emulator.Object{}
	for _, u := range call.project.Users {
		meta := emulator.Object{"last_access": nil}
		if !u.LastAccess.IsZero() {
			meta["last_access"] = timestamp(u.LastAccess)
		}
		items = append(items, emulator.Object{
			"type": "user", "id": u.ID,
			"attributes":    emulator.Object{"email": u.Email, "full_name": u.Name, "is_2fa_active": true, "is_active": !u.Inactive},
			"relationships": emulator.Object{"role": emulator.Object{"data": reference("role", u.Role)}},
			"meta":          meta,
		})
	}
	return emulator.OK(emulator.Object{"data": items})
}

func listWebhooks(call *request) emulator.Reply {
	items := []emulator.Object{}
	for _, h := range call.project.Webhooks {
		headers := emulator.Object{}
		if h.HeaderName != "" {
			headers[h.HeaderName] = h.HeaderContent
		}
		items = append(items, emulator.Object{"type": "webhook", "id": h.ID, "attributes": emulator.Object{
			"name": h.Name, "url": h.URL, "enabled": true, "headers": headers, "custom_payload": nil, "events": []emulator.Object{},
			"http_basic_user": orNull(h.BasicUser), "http_basic_password": orNull(h.BasicPassword),
			"payload_api_version": "3", "nested_items_in_payload": false, "auto_retry": true,
		}})
	}
	return emulator.OK(emulator.Object{"data": items})
}

func listBuildTriggers(call *request) emulator.Reply {
	items := []emulator.Object{}
	for _, b := range call.project.BuildTriggers {
		items = append(items, emulator.Object{"type": "build_trigger", "id": b.ID, "attributes": emulator.Object{
			"name": b.Name, "adapter": "netlify", "enabled": true, "build_status": "success", "last_build_completed_at": nil,
			"frontend_url": nil, "webhook_token": b.WebhookToken, "webhook_url": "https://webhooks.datocms.com/" + b.WebhookToken + "/deploy-results",
			"adapter_settings": emulator.Object{"site_id": "site", "trigger_url": "https://example.com/build", "access_token": b.AccessToken, "branch": nil},
		}})
	}
	return emulator.OK(emulator.Object{"data": items})
}

// getUsageCounter serves the lines of a counter in a period, this month's unless
// the query says otherwise.
func getUsageCounter(call *request) emulator.Reply {
	counter, period := call.r.PathValue("counter"), call.r.URL.Query().Get("period")
	if period == "" {
		period = "current_month"
	}
	lines := []emulator.Object{}
	for _, c := range call.project.Counters {
		if c.Name == counter && c.Period == period {
			lines = append(lines, emulator.Object{"value": c.Value, "counter": c.Count})
		}
	}
	return emulator.OK(emulator.Object{"data": emulator.Object{"type": "usage_counter", "id": counter, "attributes": emulator.Object{"result": lines}}})
}

func listNothing(*request) emulator.Reply {
	return emulator.OK(emulator.Object{"data": []emulator.Object{}})
}
