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

func (u user) Flaw() string { return cmsapi.WithoutID("id", u.ID) }

// usersPage is a page of users, of which as many are read as ten pages have.
type usersPage struct{ cmsapi.List[user] }

// UnmarshalJSON implements json.Unmarshaler. It never fails.
func (p *usersPage) UnmarshalJSON(b []byte) error {
	p.Decode(b, 10*usersPerPage)
	return nil
}

// userFields are the fields of user that are asked for.
const userFields = "id,username,name,roles,capabilities"

type applicationPassword struct {
	UUID     cmsapi.Field[string]           `json:"uuid"`
	Name     cmsapi.Field[string]           `json:"name"`
	Created  cmsapi.Field[cmsapi.UTCMoment] `json:"created"`
	LastUsed cmsapi.Field[cmsapi.UTCMoment] `json:"last_used"`
}

func (p applicationPassword) Flaw() string { return cmsapi.WithoutID("uuid", p.UUID) }

func (p applicationPassword) Weight() int { return cmsapi.TokenWeight }
