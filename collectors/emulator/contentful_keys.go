package emulator

import (
	"iter"
)

func listKeys(call *contentfulCall) reply {
	var items []object
	for _, k := range call.space.Keys {
		items = append(items, call.renderKey(k))
	}
	return call.page(items)
}

func getKey(call *contentfulCall) reply {
	if k := call.key(); k != nil {
		return ok(call.renderKey(k))
	}
	return contentfulNotFound()
}

func (call *contentfulCall) key() *ContentfulKey {
	id := call.r.PathValue("key")
	return find(call.space.Keys, func(k *ContentfulKey) bool { return k.ID == id })
}

func listPreviewKeys(call *contentfulCall) reply {
	var items []object
	for _, item := range call.previewKeys() {
		items = append(items, item)
	}
	return call.page(items)
}

func getPreviewKey(call *contentfulCall) reply {
	for id, item := range call.previewKeys() {
		if id == call.r.PathValue("key") {
			return ok(item)
		}
	}
	return contentfulNotFound()
}

// previewKeys gives the preview keys of the space by their ids.
func (call *contentfulCall) previewKeys() iter.Seq2[string, object] {
	return func(yield func(string, object) bool) {
		for _, k := range call.space.Keys {
			if k.Preview != nil && !yield(k.Preview.ID, call.renderPreviewKey(k.Preview, k)) {
				return
			}
		}
		for _, p := range call.space.OrphanPreviewKeys {
			alone := &ContentfulKey{CreatedAt: call.space.CreatedAt, UpdatedAt: call.space.CreatedAt}
			if !yield(p.ID, call.renderPreviewKey(p, alone)) {
				return
			}
		}
	}
}

func (call *contentfulCall) renderKey(k *ContentfulKey) object {
	item := object{
		"sys":          call.keySys("ApiKey", k.ID, k),
		"name":         k.Name,
		"description":  nil,
		"accessToken":  k.Secret,
		"policies":     []object{{"effect": "allow", "actions": "all"}},
		"environments": environmentLinks(k.Environments),
	}
	if k.Description != nil {
		item["description"] = *k.Description
	}
	if k.Preview != nil {
		item["preview_api_key"] = link("PreviewApiKey", k.Preview.ID)
	}
	return item
}

func (call *contentfulCall) renderPreviewKey(p *ContentfulPreviewKey, twin *ContentfulKey) object {
	environments := p.Environments
	if environments == nil {
		environments = twin.Environments
	}
	item := object{
		"sys":          call.keySys("PreviewApiKey", p.ID, twin),
		"description":  nil,
		"accessToken":  p.Secret,
		"policies":     []object{{"effect": "allow", "actions": "all"}},
		"environments": environmentLinks(environments),
	}
	if p.Name != "" {
		item["name"] = p.Name
	}
	return item
}

func (call *contentfulCall) keySys(keyType, id string, k *ContentfulKey) object {
	sys := object{
		"type": keyType, "id": id, "version": k.Version,
		"space":     link("Space", call.space.ID),
		"createdAt": call.time(k.CreatedAt), "updatedAt": call.time(k.UpdatedAt),
	}
	if k.CreatedBy != "" {
		sys["createdBy"] = link("User", k.CreatedBy)
		sys["updatedBy"] = link("User", k.CreatedBy)
	}
	if k.UpdatedBy != "" {
		sys["updatedBy"] = link("User", k.UpdatedBy)
	}
	return sys
}

func environmentLinks(ids []string) []object {
	if len(ids) == 0 {
		ids = []string{"master"} // what the API stores for an empty list
	}
	var out []object
	for _, id := range ids {
		out = append(out, link("Environment", id))
	}
	return out
}
