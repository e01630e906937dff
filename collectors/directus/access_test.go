package directus

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tokenaudit/tokenaudit/collectors/cmsapi"
	"github.com/tokenaudit/tokenaudit/collectors/conformance"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// TestAuditors: what is more than the weakest credential.
func TestAuditors(t *testing.T) {
	for name, tt := range map[string]struct {
		old, text         string
		writes, necessary inventory.Ternary
		detail            string
	}{
		"the weakest":        {`"p-read","collection":"directus_users","action":"read","fields":["*"]`, `"p-read","collection":"directus_users","action":"read","fields":["id","token"]`, inventory.No, inventory.Yes, "nothing else"},
		"not all users":      {`"p-read"`, `"p-read"`, inventory.No, inventory.No, `the field "*" of directus_users`},
		"another collection": {`"p-read","collection":"directus_users"`, `"p-read","collection":"directus_shares"`, inventory.No, inventory.No, "directus_shares"},
		"all fields":         {`"action":"read","fields":["*"]`, `"action":"read","fields":null`, inventory.No, inventory.No, "all fields"},
		"a writer":           {`"p-read","collection":"directus_users","action":"read"`, `"p-read","collection":"articles","action":"share"`, inventory.Yes, inventory.No, "do more than read"},
		"an administrator":   {`"p-read","collection":"directus_users","action":"read"`, `"p-read","collection":"directus_flows","action":"create"`, inventory.Yes, inventory.No, "administrator"},
		"nobody knows what":  {`"p-read","collection":"directus_users","action":"read"`, `"p-read","collection":"directus_users","action":7`, inventory.Unknown, inventory.Unknown, "not known"},
	} {
		a := collect(t, replaced(t, small(), listPermissions.path, tt.old, tt.text)).Auditor
		if a.Writes != tt.writes || a.Necessary != tt.necessary || !strings.Contains(a.Detail, tt.detail) {
			t.Errorf("%s: %+v", name, a)
		}
	}
	login := entry("intranet", "")
	login.Values[optionToken] = cmsapi.NewSecret("head.claims.signature")
	c := conformance.Open[*collector](t, Definition(), login, cms(recorded(t), 100), auditTime)
	if a := conformance.Collect(t, c).Auditor; a.Token != "" || !strings.Contains(a.Detail, "session of a login") {
		t.Errorf("%+v", a)
	}
}

func TestPermissions(t *testing.T) {
	row := func(collection, action, rows string, fields ...string) permission {
		p := permission{Collection: cmsapi.Given(collection), Action: cmsapi.Given(action), Fields: cmsapi.List[string]{State: cmsapi.FieldGiven, Items: fields}}
		decode(t, rows, &p.Rows)
		return p
	}
	const all, self = `{}`, `{"_and": [{"id": {"_eq": "$CURRENT_USER"}}]}`
	for _, tt := range []struct {
		permission
		want string
	}{
		{row("articles", "read", all, "*"), "read false read"},
		{row("articles", "create", all, "title"), "write false create"},
		{row("articles", "share", all), "write false share"},
		{row("articles", "fly", all), "write false fly"},
		{row("articles", "flcs5ec2e7ed8da45ec2e7ed8582y", all), "write false [REDACTED]"},
		{row("directus_userblt5ec2e7ed1bc7151fs", "create", all, "*"), "write false [REDACTED]"},
		{row("directus_files", "update", all, "*"), "write false directus_files.update"},
		{row("directus_fields", "create", all, "*"), "schema false directus_fields.create"},
		{row("directus_policies", "update", all, "name"), "admin true directus_policies.update"},
		{row("directus_flows", "create", all, "*"), "admin true directus_flows.create"},
		{row("directus_users", "read", all, "*"), "read false read"},
		{row("directus_users", "delete", all), "admin false directus_users.delete"},
		{row("directus_users", "update", all, "*"), "admin true directus_users.update"},
		{row("directus_users", "update", all, "first_name"), "write false directus_users.update"},
		{row("directus_users", "update", all, "password"), "admin false directus_users.update"},
		{row("directus_users", "update", all, "token"), "admin true directus_users.update"},
		{row("directus_users", "update", self, "*"), "admin true directus_users.update"},
		{row("directus_users", "update", self, "role"), "admin true directus_users.update"},
		{row("directus_users", "update", self, "password", "email"), "write false directus_users.update"},
		{row("directus_users", "update", self, "token"), "write true directus_users.update"},
		{row("directus_users", "update", `{"id":{"_neq":"$CURRENT_USER"}}`, "password"), "admin false directus_users.update"},
	} {
		a := tt.allows()
		if got := fmt.Sprintf("%s %t %s", a.level, a.manages, strings.Join(a.words, ",")); got != tt.want {
			t.Errorf("%s of %s, %q: %s, not %s", tt.Action.Value, tt.Collection.Value, tt.Fields.Items, got, tt.want)
		}
	}
}

// TestShownIDs: an id in a reason is Directus's own, or nothing that looks like a secret.
func TestShownIDs(t *testing.T) {
	const own, planted = "07a93fc6-b8e1-4cc1-a35d-a7a6a4beec64", "07a93fc6-b8e1-4cc1-a35dblt5ec2e7ed1bc7151f-a7a6a4beec64"
	if got := shown(own); got != own {
		t.Errorf("%s became %s", own, got)
	}
	if got := shown(planted); strings.Contains(got, "5ec2e7ed1bc7151f") {
		t.Errorf("%s became %s", planted, got)
	}
}

// TestAuditorQuotesNoSecret: a collection and a field may be called anything.
func TestAuditorQuotesNoSecret(t *testing.T) {
	for _, to := range []string{`"p-read","collection":"directusCFPAT-5ec2e7edan135ec2e7ed_roles"`, `"p-read","collection":"directus_users","action":"read","fields":["CFPAT-5ec2e7edan135ec2e7ed"]`} {
		from := `"p-read","collection":"directus_users"`
		if strings.Contains(to, "fields") {
			from += `,"action":"read","fields":["*"]`
		}
		a := collect(t, replaced(t, small(), listPermissions.path, from, to)).Auditor
		if strings.Contains(a.Detail, "5ec2e7ed") || !strings.Contains(a.Detail, "more than listing needs") {
			t.Errorf("%+v", a)
		}
	}
}
