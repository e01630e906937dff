package contentstack

import (
	"strings"
	"testing"

	"github.com/tokenaudit/tokenaudit/collectors"
	"github.com/tokenaudit/tokenaudit/collectors/cmsapi"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

func TestRegions(t *testing.T) {
	t.Parallel()
	hosts := map[string]string{
		"na": "https://api.contentstack.io", "eu": "https://eu-api.contentstack.com", "au": "https://au-api.contentstack.com",
		"azure-na": "https://azure-na-api.contentstack.com", "azure-eu": "https://azure-eu-api.contentstack.com",
		"gcp-na": "https://gcp-na-api.contentstack.com", "gcp-eu": "https://gcp-eu-api.contentstack.com",
	}
	if got := regionIDs(); len(got) != 7 {
		t.Errorf("regions %v", got)
	}
	for name, id := range map[string]string{
		"": "na", "na": "na", "US": "na", "aws-na": "na", "AWS_NA": "na", "Eu": "eu", "aws-eu": "eu", "aws_eu": "eu",
		"au": "au", "aws-au": "au", "aws_au": "au", "azure-na": "azure-na", "azure_na": "azure-na", "Azure-EU": "azure-eu",
		"azure_eu": "azure-eu", "gcp-na": "gcp-na", "gcp_na": "gcp-na", "gcp-eu": "gcp-eu", "gcp_eu": "gcp-eu",
	} {
		r, ok := findRegion(name)
		if !ok || r.id != id || r.api != hosts[id] || !strings.HasPrefix(r.app, "https://") {
			t.Errorf("%q: %+v, %t", name, r, ok)
		}
	}
	if _, ok := findRegion("mars"); ok {
		t.Error("there is a region mars")
	}
	for _, name := range regionNames() {
		if _, ok := findRegion(name); !ok {
			t.Errorf("the region %q is offered, and not found", name)
		}
	}
}

func TestDefinitionIsValid(t *testing.T) {
	t.Parallel()
	d := Definition()
	if _, err := collectors.NewRegistry(d); err != nil {
		t.Error(err)
	}
	for _, fact := range inventory.AllFacts() {
		support, ok := d.Facts[fact]
		if !ok || (support.Reported != inventory.SupportYes) == (support.Reason == "") {
			t.Errorf("%s: %+v", fact, support)
		}
	}
}

// Whoever logs in by single sign-on never gets the credential that most pages name,
// and days end elsewhere at other times.
func TestGuideAndHintsNameSingleSignOnAndMidnight(t *testing.T) {
	t.Parallel()
	guide := Definition().LeastPrivilege
	for _, want := range []string{"single sign-on", "OAuth app", "midnight UTC", "not say at which end of that day"} {
		if !strings.Contains(guide, want) {
			t.Errorf("the guide does not say %q", want)
		}
	}
	c := &collector{}
	for _, hint := range []string{c.hintCredential(), hintTwoFactor} {
		if !strings.Contains(hint, "single sign-on get no authtoken: use the access token of an OAuth app") {
			t.Errorf("a user of single sign-on is told %q", hint)
		}
	}
	c.oauth = true
	if hint := c.hintCredential(); strings.Contains(hint, "single sign-on") {
		t.Errorf("who has an OAuth token is told %q", hint)
	}
	for _, o := range Definition().Options {
		if o.Key == optionAuthtoken && !strings.Contains(o.Help, "single sign-on") {
			t.Errorf("authtoken: %q", o.Help)
		}
	}
}

func TestEntryIsChecked(t *testing.T) {
	t.Parallel()
	h := newHarness(t, newServer(t))
	for want, change := range map[string]func(*collectors.Entry){
		"unknown region":                         func(e *collectors.Entry) { e.Values[optionRegion] = "mars" },
		"exactly one of authtoken and oauth":     func(e *collectors.Entry) { delete(e.Values, optionAuthtoken) },
		"exactly one of authtoken and oauth_tok": func(e *collectors.Entry) { e.Values[optionOAuthToken] = cmsapi.NewSecret("PLANTED") },
		"organization or stacks is required":     func(e *collectors.Entry) { e.Values[optionOrganization] = " " },
		"stacks[0]: api_key is empty": func(e *collectors.Entry) {
			e.Values[optionStacks] = []map[string]any{{optionAPIKey: cmsapi.NewSecret("")}}
		},
		"base_url": func(e *collectors.Entry) { e.BaseURL = "http://api.example.com" },
	} {
		entry := organizationEntry()
		change(&entry)
		if _, err := newCollector(entry, h.run); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "PLANTED") {
			t.Errorf("error %v, want %q", err, want)
		}
	}
	if len(h.asked()) != 0 {
		t.Errorf("something was sent: %v", h.asked())
	}
	entry := organizationEntry()
	entry.BaseURL = "http://127.0.0.1:9999"
	c, err := newCollector(entry, h.run)
	if err != nil {
		t.Fatal(err)
	}
	if got := c.(collectors.EntryDomainer).EntryDomain(); got != "contentstack/organizations/bltorg" {
		t.Errorf("domain of the entry: %q", got)
	}
}
