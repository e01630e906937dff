package emulator

import (
	"iter"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
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

// keyBody is what creates or updates a key. Environments is a pointer to tell
// null, which is refused, from a missing member, which means master.
type keyBody struct {
	Name         *string           `json:"name"`
	Description  *string           `json:"description"`
	Environments *[]environmentRef `json:"environments"`
}

type environmentRef struct {
	Sys struct {
		ID string `json:"id"`
	} `json:"sys"`
}

func createKey(call *contentfulCall) reply {
	body, failure := call.readKeyBody()
	if failure != nil {
		return *failure
	}
	seed := call.space.ID + "/" + strconv.Itoa(len(call.space.Keys)) + "/" + call.now.Format(time.RFC3339Nano)
	k := &ContentfulKey{
		ID: stableID(base62, 22, "key/"+seed), Name: *body.Name, Secret: Secret(ContentfulKeyForm(), seed),
		CreatedBy: call.user.ID, CreatedAt: call.now,
		Preview: &ContentfulPreviewKey{ID: stableID(base62, 22, "preview/"+seed), Name: *body.Name, Secret: Secret(ContentfulKeyForm(), "preview/"+seed)},
	}
	call.apply(k, body)
	k.Version = 0
	call.space.Keys = append(call.space.Keys, k)
	p := reply{status: http.StatusCreated, body: call.renderKey(k)}
	return p.set("Location", "/spaces/"+call.space.ID+"/api_keys/"+k.ID)
}

func updateKey(call *contentfulCall) reply {
	k := call.key()
	if k == nil {
		return contentfulNotFound()
	}
	if call.r.Header.Get("X-Contentful-Version") != strconv.Itoa(k.Version) {
		return contentfulError(http.StatusConflict, "VersionMismatch", "")
	}
	body, failure := call.readKeyBody()
	if failure != nil {
		return *failure
	}
	call.apply(k, body)
	return ok(call.renderKey(k))
}

// apply replaces all of a key that a body can say: an update that leaves
// environments out resets them to master. The preview twin follows.
func (call *contentfulCall) apply(k *ContentfulKey, body *keyBody) {
	k.Name, k.Description, k.Environments = *body.Name, body.Description, nil
	if body.Environments != nil {
		for _, e := range *body.Environments {
			k.Environments = append(k.Environments, e.Sys.ID)
		}
	}
	k.UpdatedBy, k.UpdatedAt = call.user.ID, call.now
	k.Version++
}

func deleteKey(call *contentfulCall) reply {
	k := call.key()
	if k == nil {
		return contentfulNotFound()
	}
	call.space.Keys = slices.DeleteFunc(call.space.Keys, func(other *ContentfulKey) bool { return other == k })
	return reply{status: http.StatusNoContent}
}

func (call *contentfulCall) readKeyBody() (*keyBody, *reply) {
	var raw map[string]any
	var body keyBody
	failure := contentfulError(http.StatusBadRequest, "BadRequest", "The body you sent is not valid JSON.")
	if err := readJSON(call.r, &raw); err != nil {
		return nil, &failure
	}
	if value, given := raw["environments"]; given && value == nil {
		failure = contentfulError(http.StatusBadRequest, "BadRequest", "environments must be an array.")
		return nil, &failure
	}
	if err := convert(raw, &body); err != nil {
		return nil, &failure
	}
	if body.Name == nil || strings.TrimSpace(*body.Name) == "" {
		failure = contentfulError(http.StatusUnprocessableEntity, "ValidationFailed", "Validation error").
			with("details", object{"errors": []object{{"name": "required", "path": []string{"name"}}}})
		return nil, &failure
	}
	return &body, nil
}
