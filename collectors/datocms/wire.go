package datocms

import (
	"bytes"
	"cmp"
	"encoding/json"
	"slices"

	"github.com/tokenaudit/tokenaudit/collectors/cmsapi"
	"github.com/tokenaudit/tokenaudit/collectors/exposure"
)

// The types of DatoCMS's answers. They have no place for `token`, the secret
// that the list of API tokens carries for callers who manage them, nor for the
// third-party key that a site carries. tokenSecrets says where the first is.

// document is an answer with one resource.
type document[T any] struct {
	Data cmsapi.Field[T] `json:"data"`
}

// listing is an answer with a list. No list that is read here is paged.
type listing[T any] struct {
	Data cmsapi.List[T] `json:"data"`
	Meta cmsapi.Field[struct {
		TotalCount cmsapi.Field[cmsapi.Integer] `json:"total_count"`
	}] `json:"meta"`
}

// whole returns err, or why a list that was read without one is only a page of it.
func (l listing[T]) whole(name string, err error) error {
	if err != nil {
		return err
	}
	if e := cmsapi.Counted(name, l.Data, l.Meta.Value.TotalCount); e != nil {
		return e
	}
	return nil
}

type errorEntity struct {
	Attributes cmsapi.Field[struct {
		Code      cmsapi.Field[cmsapi.Text] `json:"code"`
		Transient cmsapi.Field[cmsapi.Flag] `json:"transient"`
	}] `json:"attributes"`
}

// reference is a resource identifier.
type reference struct {
	Type cmsapi.Field[string]      `json:"type"`
	ID   cmsapi.Field[cmsapi.Text] `json:"id"`
}

// relation is a relationship to one resource.
type relation struct {
	Data cmsapi.Field[reference] `json:"data"`
}

type accessToken struct {
	ID            cmsapi.Field[cmsapi.Text]        `json:"id"`
	Attributes    cmsapi.Field[tokenAttributes]    `json:"attributes"`
	Relationships cmsapi.Field[tokenRelationships] `json:"relationships"`
}

func (t accessToken) Flaw() string { return cmsapi.WithoutID("id", t.ID) }

func (t accessToken) Weight() int { return cmsapi.TokenWeight }

// tokenSecrets says where in the list of API tokens of a project their secrets are.
func tokenSecrets(sourceID string) []exposure.Layout {
	return []exposure.Layout{{
		Tokens: []string{"data"}, Ref: []string{"id"},
		Secrets: []exposure.Place{{Path: []string{"attributes", "token"}, Token: func(ref string) string { return tokenID(sourceID, ref) }}},
	}}
}

type tokenAttributes struct {
	Name                cmsapi.Field[string] `json:"name"`
	HardcodedType       cmsapi.Field[string] `json:"hardcoded_type"`
	CanAccessCDA        cmsapi.Field[bool]   `json:"can_access_cda"`
	CanAccessCDAPreview cmsapi.Field[bool]   `json:"can_access_cda_preview"`
	CanAccessCMA        cmsapi.Field[bool]   `json:"can_access_cma"`
	LastCMAAccess       cmsapi.Field[string] `json:"last_cma_access"`
	LastCDAAccess       cmsapi.Field[string] `json:"last_cda_access"`
}

type tokenRelationships struct {
	Role cmsapi.Field[relation] `json:"role"`
}

type role struct {
	ID         cmsapi.Field[cmsapi.Text] `json:"id"`
	Type       cmsapi.Field[string]      `json:"type"`
	Attributes cmsapi.Field[struct {
		Name cmsapi.Field[string] `json:"name"`
	}] `json:"attributes"`
	Meta cmsapi.Field[struct {
		FinalPermissions cmsapi.Field[finalPermissions] `json:"final_permissions"`
	}] `json:"meta"`
}

func (r role) Flaw() string { return cmsapi.WithoutID("id", r.ID) }

// finalPermissions are what a role allows with inheritance resolved: the
// permissions that DatoCMS enforces. The attributes of a role hold the same
// fields without what it inherits.
type finalPermissions struct {
	// flags holds all members, the permission lists too, which are no flags.
	flags cmsapi.Map[permission]
	lists permissionLists
}

// permission is any member of the final permissions, read as a flag.
type permission struct {
	cmsapi.Field[bool]
	// nothing: it grants nothing, whatever it means: false, null or an empty list.
	nothing bool
}

// UnmarshalJSON implements json.Unmarshaler. It never fails.
func (p *permission) UnmarshalJSON(b []byte) error {
	switch string(bytes.Join(bytes.Fields(b), nil)) {
	case "false", "null", "[]", "{}", `""`:
		p.nothing = true
	}
	return p.Field.UnmarshalJSON(b)
}

// isList reports whether a member of the final permissions is read apart.
func isList(name string) bool {
	switch name {
	case "environments_access",
		"positive_item_type_permissions", "negative_item_type_permissions", "positive_upload_permissions", "negative_upload_permissions",
		"positive_build_trigger_permissions", "negative_build_trigger_permissions",
		"positive_search_index_permissions", "negative_search_index_permissions":
		return true
	}
	return false
}

// UnmarshalJSON implements json.Unmarshaler.
func (p *finalPermissions) UnmarshalJSON(b []byte) error {
	if err := json.Unmarshal(b, &p.flags); err != nil {
		return err
	}
	return json.Unmarshal(b, &p.lists)
}

type permissionLists struct {
	EnvironmentsAccess cmsapi.Field[string]      `json:"environments_access"`
	PositiveItems      cmsapi.List[contentEntry] `json:"positive_item_type_permissions"`
	NegativeItems      cmsapi.List[contentEntry] `json:"negative_item_type_permissions"`
	PositiveUploads    cmsapi.List[contentEntry] `json:"positive_upload_permissions"`
	NegativeUploads    cmsapi.List[contentEntry] `json:"negative_upload_permissions"`
	PositiveTriggers   cmsapi.List[buildTrigger] `json:"positive_build_trigger_permissions"`
	NegativeTriggers   cmsapi.List[buildTrigger] `json:"negative_build_trigger_permissions"`
	PositiveIndexes    cmsapi.List[searchIndex]  `json:"positive_search_index_permissions"`
	NegativeIndexes    cmsapi.List[searchIndex]  `json:"negative_search_index_permissions"`
}

// contentEntry is a permission on records or uploads. Members that do not
// apply are null.
type contentEntry struct {
	Action                 cmsapi.Field[string]      `json:"action"`
	Environment            cmsapi.Field[cmsapi.Text] `json:"environment"`
	ItemType               cmsapi.Field[cmsapi.Text] `json:"item_type"`
	Workflow               cmsapi.Field[cmsapi.Text] `json:"workflow"`
	OnStage                cmsapi.Field[cmsapi.Text] `json:"on_stage"`
	ToStage                cmsapi.Field[cmsapi.Text] `json:"to_stage"`
	UploadCollection       cmsapi.Field[cmsapi.Text] `json:"upload_collection"`
	MoveToUploadCollection cmsapi.Field[cmsapi.Text] `json:"move_to_upload_collection"`
	OnCreator              cmsapi.Field[cmsapi.Text] `json:"on_creator"`
	LocalizationScope      cmsapi.Field[cmsapi.Text] `json:"localization_scope"`
	Locale                 cmsapi.Field[cmsapi.Text] `json:"locale"`
	// narrowed: a member that nobody documented may restrict the entry.
	narrowed bool
}

// UnmarshalJSON implements json.Unmarshaler.
func (n *contentEntry) UnmarshalJSON(b []byte) error {
	type members contentEntry
	if err := json.Unmarshal(b, (*members)(n)); err != nil {
		return err
	}
	n.narrowed = hasOther(b, "action", "environment", "item_type", "workflow", "on_stage", "to_stage", "upload_collection",
		"move_to_upload_collection", "on_creator", "localization_scope", "locale")
	return nil
}

// hasOther reports whether an object has a member that is not one of the known, and
// that says something.
func hasOther(b []byte, known ...string) bool {
	var all cmsapi.Map[permission]
	if all.UnmarshalJSON(b) != nil || all.State != cmsapi.FieldGiven {
		return true
	}
	for name, value := range all.Members {
		if !value.nothing && !slices.Contains(known, name) {
			return true
		}
	}
	return false
}

func (n contentEntry) Flaw() string {
	return cmp.Or(cmsapi.WithoutID("action", n.Action), cmsapi.WithoutID("environment", n.Environment))
}

// buildTrigger is the right to fire a build trigger; null means every one.
type buildTrigger struct {
	Target cmsapi.Field[cmsapi.Text] `json:"build_trigger"`
	other  bool
}

// UnmarshalJSON implements json.Unmarshaler.
func (t *buildTrigger) UnmarshalJSON(b []byte) error {
	type members buildTrigger
	t.other = hasOther(b, "build_trigger")
	return json.Unmarshal(b, (*members)(t))
}

func (t buildTrigger) target() cmsapi.Field[cmsapi.Text] { return t.Target }
func (t buildTrigger) narrowed() bool                    { return t.other }

// searchIndex is the right to fire the indexing of a search index; null means every one.
type searchIndex struct {
	Target cmsapi.Field[cmsapi.Text] `json:"search_index"`
	other  bool
}

// UnmarshalJSON implements json.Unmarshaler.
func (s *searchIndex) UnmarshalJSON(b []byte) error {
	type members searchIndex
	s.other = hasOther(b, "search_index")
	return json.Unmarshal(b, (*members)(s))
}

func (s searchIndex) target() cmsapi.Field[cmsapi.Text] { return s.Target }
func (s searchIndex) narrowed() bool                    { return s.other }

type environment struct {
	ID   cmsapi.Field[cmsapi.Text] `json:"id"`
	Meta cmsapi.Field[struct {
		Primary cmsapi.Field[bool] `json:"primary"`
	}] `json:"meta"`
}

func (e environment) Flaw() string { return cmsapi.WithoutID("id", e.ID) }

type site struct {
	ID         cmsapi.Field[cmsapi.Text] `json:"id"`
	Attributes cmsapi.Field[struct {
		Name           cmsapi.Field[string] `json:"name"`
		InternalDomain cmsapi.Field[string] `json:"internal_domain"`
	}] `json:"attributes"`
	Relationships cmsapi.Field[struct {
		Owner cmsapi.Field[relation] `json:"owner"`
	}] `json:"relationships"`
}

// identity is who the credential is: the answer of /users/me.
type identity struct {
	Data     cmsapi.Field[caller] `json:"data"`
	Included cmsapi.List[role]    `json:"included"`
}

type caller struct {
	ID            cmsapi.Field[cmsapi.Text]        `json:"id"`
	Type          cmsapi.Field[string]             `json:"type"`
	Relationships cmsapi.Field[tokenRelationships] `json:"relationships"`
}
