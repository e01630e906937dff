package contentful

import (
	"iter"

	"github.com/tokenaudit/tokenaudit/collectors/emulator"
)

func listKeys(call *request) emulator.Reply {
	var items []emulator.Object
	for _, k := range call.space.Keys {
		items = append(items, call.renderKey(k))
	}
	return call.page(items)
}

func getKey(call *request) emulator.Reply {
	if k := call.key(); k != nil {
		return emulator.OK(call.renderKey(k))
	}
	return notFound()
}

func (call *request) key() *Key {
	id := call.r.PathValue("key")
	return emulator.Find(call.space.Keys, func(k *Key) bool { return k.ID == id })
}

func listPreviewKeys(call *request) emulator.Reply {
	var items []emulator.Object
	for _, item := range call.previewKeys() {
		items = append(items, item)
	}
	return call.page(items)
}

func getPreviewKey(call *request) emulator.Reply {
	for id, item := range call.previewKeys() {
		if id == call.r.PathValue("key") {
			return emulator.OK(item)
		}
	}
	return notFound()
}

// previewKeys returns the preview keys of the space by their ids.
func (call *request) previewKeys() iter.Seq2[string, emulator.Object] {
	return func(yield func(string, emulator.Object) bool) {
		for _, k := range call.space.Keys {
			if k.Preview != nil && !yield(k.Preview.ID, call.renderPreviewKey(k.Preview, k)) {
				return
			}
		}
		for _, p := range call.space.OrphanPreviewKeys {
			alone := &Key{CreatedAt: call.space.CreatedAt, UpdatedAt: call.space.CreatedAt}
			if !yield(p.ID, call.renderPreviewKey(p, alone)) {
				return
			}
		}
	}
}

func (call *request) renderKey(k *Key) emulator.Object {
	item := emulator.Object{
		"sys":          call.keySys("ApiKey", k.ID, k),
		"name":         k.Name,
		"description":  nil,
		"accessToken":  k.Secret,
		"policies":     []emulator.Object{{"effect": "allow", "actions": "all"}},
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

func (call *request) renderPreviewKey(p *PreviewKey, twin *Key) emulator.Object {
	environments := p.Environments
	if environments == nil {
		environments = twin.Environments
	}
	item := emulator.Object{
		"sys":          call.keySys("PreviewApiKey", p.ID, twin),
		"description":  nil,
		"accessToken":  p.Secret,
		"policies":     []emulator.Object{{"effect": "allow", "actions": "all"}},
		"environments": environmentLinks(environments),
	}
	if p.Name != "" {
		item["name"] = p.Name
	}
	return item
}

func (call *request) keySys(keyType, id string, k *Key) emulator.Object {
	sys := emulator.Object{
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

func environmentLinks(ids []string) []emulator.Object {
	if len(ids) == 0 {
		ids = []string{"master"} // what the API stores for an empty list
	}
	var out []emulator.Object
	for _, id := range ids {
		out = append(out, link("Environment", id))
	}
	return out
}
