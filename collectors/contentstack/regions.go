package contentstack

import (
	"slices"
	"strings"
)

// defaultRegion is where Contentstack keeps an organization unless told otherwise.
const defaultRegion = "na"

// region is one of the seven installations of Contentstack. They share nothing:
// a stack answers in its own region only, and elsewhere as if it did not exist
// (412, error code 109).
type region struct {
	id      string
	aliases []string
	// api serves the Content Management API, app the web application.
	api, app string
}

// regions lists the installations and the aliases that the vendor's own tools
// accept. Only North America has no prefix, and only its API is on the .io domain.
func regions() []region {
	return []region{
		{"na", []string{"us", "aws-na", "aws_na"}, "https://api.contentstack.io", "https://app.contentstack.com"},
		elsewhere("eu", "aws-eu", "aws_eu"),
		elsewhere("au", "aws-au", "aws_au"),
		elsewhere("azure-na", "azure_na"),
		elsewhere("azure-eu", "azure_eu"),
		elsewhere("gcp-na", "gcp_na"),
		elsewhere("gcp-eu", "gcp_eu"),
	}
}

func elsewhere(id string, aliases ...string) region {
	return region{id, aliases, "https://" + id + "-api.contentstack.com", "https://" + id + "-app.contentstack.com"}
}

// findRegion looks a region up by its id or an alias, in any case. The empty
// name is the default region.
func findRegion(name string) (region, bool) {
	name = strings.ToLower(strings.TrimSpace(name))
	if name == "" {
		name = defaultRegion
	}
	for _, r := range regions() {
		if r.id == name || slices.Contains(r.aliases, name) {
			return r, true
		}
	}
	return region{}, false
}

// regionIDs are the seven ids, without those in except.
func regionIDs(except ...string) []string {
	var ids []string
	for _, r := range regions() {
		if !slices.Contains(except, r.id) {
			ids = append(ids, r.id)
		}
	}
	return ids
}

// regionNames are all ids and aliases, ids first.
func regionNames() []string {
	names := regionIDs()
	for _, r := range regions() {
		names = append(names, r.aliases...)
	}
	return names
}
