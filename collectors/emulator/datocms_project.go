package emulator

import (
	"slices"
	"time"
)

func datoCMSTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

func listDatoCMSEnvironments(call *datoCMSCall) reply {
	items := []object{}
	for _, e := range call.project.Environments {
		items = append(items, renderDatoCMSEnvironment(e))
	}
	return ok(object{"data": items})
}

func getDatoCMSEnvironment(call *datoCMSCall) reply {
	id := call.r.PathValue("environment")
	if e := find(call.project.Environments, func(e *DatoCMSEnvironment) bool { return e.ID == id }); e != nil {
		return ok(object{"data": renderDatoCMSEnvironment(e)})
	}
	return call.notFound()
}

// renderDatoCMSEnvironment has everything in meta; there are no attributes.
func renderDatoCMSEnvironment(e *DatoCMSEnvironment) object {
	status := e.Status
	if status == "" {
		status = "ready"
	}
	return object{"type": "environment", "id": e.ID, "meta": object{
		"status": status, "read_only_mode": false, "primary": e.Primary, "forked_from": orNull(e.ForkedFrom),
		"created_at": datoCMSTime(e.CreatedAt), "last_data_change_at": datoCMSTime(e.CreatedAt),
	}}
}

func getSite(call *datoCMSCall) reply {
	p := call.project
	return ok(object{"data": object{
		"type": "site", "id": p.ID,
		"attributes": object{
			"name": p.Name, "domain": nil, "internal_domain": orNull(p.Domain), "google_maps_api_token": orNull(p.MapsKey),
			"imgix_host": "www.datocms-assets.com", "locales": []string{"en"}, "timezone": "Europe/London", "no_index": false,
			"favicon": nil, "last_data_change_at": datoCMSTime(p.CreatedAt), "require_2fa": false, "ip_tracking_enabled": true,
			"force_use_of_sandbox_environments": false, "global_seo": nil, "theme": object{}, "assets_cdn_default_settings": object{},
		},
		"relationships": object{
			"account": object{"data": nil}, "owner": object{"data": reference("organization", "9001")}, "item_types": object{"data": []object{}},
		},
		"meta": object{"created_at": datoCMSTime(p.CreatedAt), "draft_mode_default": false, "allow_custom_theme": true},
	}})
}

// getDatoCMSMe says who the caller is: a token, or the account that owns the project.
func getDatoCMSMe(call *datoCMSCall) reply {
	if call.token == nil {
		return ok(object{"data": object{
			"type": "account", "id": "9001",
			"attributes": object{"email": "owner@example.com", "first_name": "Olive", "last_name": "Owner", "company": nil},
		}})
	}
	body := object{"data": call.renderToken(call.token)}
	if role := call.project.role(call.token.Role); role != nil && slices.Contains(call.r.URL.Query()["include"], "role") {
		body["included"] = []object{call.renderRole(role)}
	}
	return ok(body)
}

func listDatoCMSUsers(call *datoCMSCall) reply {
	items := []object{}
	for _, u := range call.project.Users {
		meta := object{"last_access": nil}
		if !u.LastAccess.IsZero() {
			meta["last_access"] = datoCMSTime(u.LastAccess)
		}
		items = append(items, object{
			"type": "user", "id": u.ID,
			"attributes":    object{"email": u.Email, "full_name": u.Name, "is_2fa_active": true, "is_active": !u.Inactive},
			"relationships": object{"role": object{"data": reference("role", u.Role)}},
			"meta":          meta,
		})
	}
	return ok(object{"data": items})
}

func listDatoCMSWebhooks(call *datoCMSCall) reply {
	items := []object{}
	for _, h := range call.project.Webhooks {
		headers := object{}
		if h.HeaderName != "" {
			headers[h.HeaderName] = h.HeaderContent
		}
		items = append(items, object{"type": "webhook", "id": h.ID, "attributes": object{
			"name": h.Name, "url": h.URL, "enabled": true, "headers": headers, "custom_payload": nil, "events": []object{},
			"http_basic_user": orNull(h.BasicUser), "http_basic_password": orNull(h.BasicPassword),
			"payload_api_version": "3", "nested_items_in_payload": false, "auto_retry": true,
		}})
	}
	return ok(object{"data": items})
}

func listBuildTriggers(call *datoCMSCall) reply {
	items := []object{}
	for _, b := range call.project.BuildTriggers {
		items = append(items, object{"type": "build_trigger", "id": b.ID, "attributes": object{
			"name": b.Name, "adapter": "netlify", "enabled": true, "build_status": "success", "last_build_completed_at": nil,
			"frontend_url": nil, "webhook_token": b.WebhookToken, "webhook_url": "https://webhooks.datocms.com/" + b.WebhookToken + "/deploy-results",
			"adapter_settings": object{"site_id": "site", "trigger_url": "https://example.com/build", "access_token": b.AccessToken, "branch": nil},
		}})
	}
	return ok(object{"data": items})
}

// getUsageCounter serves the lines of a counter in a period, this month's unless
// the query says otherwise.
func getUsageCounter(call *datoCMSCall) reply {
	counter, period := call.r.PathValue("counter"), call.r.URL.Query().Get("period")
	if period == "" {
		period = "current_month"
	}
	lines := []object{}
	for _, c := range call.project.Counters {
		if c.Name == counter && c.Period == period {
			lines = append(lines, object{"value": c.Value, "counter": c.Count})
		}
	}
	return ok(object{"data": object{"type": "usage_counter", "id": counter, "attributes": object{"result": lines}}})
}

func listNothing(*datoCMSCall) reply { return ok(object{"data": []object{}}) }
