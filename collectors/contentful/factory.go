package contentful

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/tokenaudit/tokenaudit/collectors/cmsapi"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// With a space Contentful's web app makes an example API key, and the
// preview key that belongs to it, in the name of whoever creates the space. Nothing
// marks them but their name and description, which anybody can change, and their
// date: recorded ones are 3 and 14 seconds younger than their space.

// examples are the keys that the web app makes: the first in an empty space (source
// of the web app, 2018 to 2021), the other in a space with example content
// (recorded in 2023).
var examples = []struct{ name, description string }{
	{"Example Key", "We've created an example API key for you to help you get started."},
	{"Example space token 1", "This token is used by an example app. It is coupled with the content previews."},
}

// exampleAge is how much younger than its space an example key may be.
const exampleAge = time.Minute

// starterToken is the name of the personal token that the web app made in the name
// of a user who took its introduction to Gatsby, with the scope to manage and
// without an expiry (source of the web app, 2018 to 2020).
const starterToken = "Gatsby Starter for Contentful import token"

// factoryToken reports whether Contentful made an access token. Logins and grants
// are made by their users. Without its name, which the organization's list does not
// show, a personal token may be the starter's unless its scopes or expiry differ.
func factoryToken(t accessToken, name text) inventory.Ternary {
	scoped := t.Scopes.Err("scopes") == nil
	switch {
	case t.sys().Type.Value == typeCLI, t.sys().Type.Value == typeOAuth:
		return inventory.No
	case name.State == cmsapi.FieldGiven:
		return inventory.TernaryOf(string(name.Value) == starterToken)
	case t.sys().ExpiresAt.State == cmsapi.FieldGiven, scoped && !slices.Contains(t.Scopes.Items, scopeManage):
		return inventory.No
	default:
		return inventory.Unknown
	}
}

// factoryKeys says which keys of a space Contentful made.
type factoryKeys struct {
	created moment
	// previews are the preview keys by id; deliveries are the delivery keys by the
	// id of their preview key.
	previews, deliveries map[string][]apiKey
}

func factoryOf(l spaceLists) factoryKeys {
	f := factoryKeys{created: l.created, previews: map[string][]apiKey{}, deliveries: map[string][]apiKey{}}
	for _, k := range l.delivery.Items {
		if linked := k.PreviewKey.Value.id(); linked != "" {
			f.deliveries[linked] = append(f.deliveries[linked], k)
		}
	}
	for _, k := range l.preview.Items {
		f.previews[k.id()] = append(f.previews[k.id()], k)
	}
	return f
}

// A delivery key and its preview key are made together: what shows that Contentful
// made one of them shows it of both.

func (f factoryKeys) delivery(k apiKey) inventory.Ternary {
	return f.of(append([]apiKey{k}, f.previews[k.PreviewKey.Value.id()]...))
}

func (f factoryKeys) preview(k apiKey) inventory.Ternary {
	return f.of(append([]apiKey{k}, f.deliveries[k.id()]...))
}

func (f factoryKeys) of(keys []apiKey) inventory.Ternary {
	made := inventory.No
	for _, k := range keys {
		switch f.one(k) {
		case inventory.Yes:
			return inventory.Yes
		case inventory.Unknown:
			made = inventory.Unknown
		}
	}
	return made
}

// one says whether Contentful made a key, by the key alone. One that is as old as its space may be an example key
// that somebody has renamed, or one of which the name is not known here.
func (f factoryKeys) one(k apiKey) inventory.Ternary {
	isExample := exampleKey(k)
	if isExample != inventory.No {
		return isExample
	}
	key, dated := k.sys().CreatedAt.Get()
	space, known := f.created.Get()
	if !dated || !known || key.Time.Sub(space.Time) <= exampleAge {
		return inventory.Unknown
	}
	return inventory.No
}

// exampleKey compares name and description with those of the example keys. A key
// without a description is none of them, whatever it is called: some preview keys
// have no name.
func exampleKey(k apiKey) inventory.Ternary {
	result := inventory.No
	for _, e := range examples {
		name, description := same(k.Name, e.name), same(k.Description, e.description)
		if k.Description.Missing() {
			description = inventory.No
		}
		switch {
		case name == inventory.Yes && description == inventory.Yes:
			return inventory.Yes
		case name != inventory.No && description != inventory.No:
			result = inventory.Unknown
		}
	}
	return result
}

// same compares a text, in which the apostrophe may be a typographic one. One that
// is not there or cannot be read may be the same.
func same(field text, want string) inventory.Ternary {
	if field.State != cmsapi.FieldGiven {
		return inventory.Unknown
	}
	return inventory.TernaryOf(strings.ReplaceAll(string(field.Value), "’", "'") == want)
}

// created returns when a space was created. The list in which it was found is not
// documented in full, so the space itself is asked where the list does not say.
func (c *collector) created(ctx context.Context, source inventory.Source, id string) moment {
	found := c.recall(source.ID)
	if at := found.space.sys().CreatedAt; found.asked || at.State == cmsapi.FieldGiven {
		return at
	}
	return c.askSpace(ctx, id).space.sys().CreatedAt
}
