package wordpress

import "github.com/tokenaudit/tokenaudit/collectors/cmsapi"

// The types of WordPress's answers. They have no place for password, which the
// answer to creating an application password carries.

// index is the answer of the root of the REST API.
type index struct {
	Name cmsapi.Field[string] `json:"name"`
	// Authentication is an empty array where the site offers nothing.
	Authentication cmsapi.Map[cmsapi.Field[struct{}]] `json:"authentication"`
}

type user struct {
	ID       cmsapi.Field[cmsapi.Text] `json:"id"`
	Username cmsapi.Field[string]      `json:"username"`
	Name     cmsapi.Field[string]      `json:"name"`
	Roles    cmsapi.List[string]       `json:"roles"`
	// Capabilities are the effective ones; the role's name is one of the keys.
	Capabilities cmsapi.Map[cmsapi.Field[cmsapi.Flag]] `json:"capabilities"`
}

// userFields are the fields of user that are asked for.
const userFields = "id,username,name,roles,capabilities"

type applicationPassword struct {
	UUID     cmsapi.Field[string]           `json:"uuid"`
	Name     cmsapi.Field[string]           `json:"name"`
	Created  cmsapi.Field[cmsapi.UTCMoment] `json:"created"`
	LastUsed cmsapi.Field[cmsapi.UTCMoment] `json:"last_used"`
}
