// Package builtin lists the CMSes that tokenaudit knows without being extended.
package builtin

import (
	"github.com/tokenaudit/tokenaudit/collectors"
	"github.com/tokenaudit/tokenaudit/collectors/command"
	"github.com/tokenaudit/tokenaudit/collectors/contentful"
	"github.com/tokenaudit/tokenaudit/collectors/contentstack"
	"github.com/tokenaudit/tokenaudit/collectors/datocms"
	"github.com/tokenaudit/tokenaudit/collectors/directus"
	"github.com/tokenaudit/tokenaudit/collectors/ghost"
	"github.com/tokenaudit/tokenaudit/collectors/strapi"
	"github.com/tokenaudit/tokenaudit/collectors/terraform"
	"github.com/tokenaudit/tokenaudit/collectors/wordpress"
)

// Definitions returns the definitions of all built-in CMSes, sorted by name.
func Definitions() []collectors.Definition {
	return []collectors.Definition{
		command.Definition(),
		contentful.Definition(),
		contentstack.Definition(),
		datocms.Definition(),
		directus.Definition(),
		ghost.Definition(),
		strapi.Definition(),
		terraform.Definition(),
		wordpress.Definition(),
	}
}

// Registry is the registry of all built-in CMSes. It fails only if one of
// their definitions is wrong, which a test rules out.
func Registry() (collectors.Registry, error) { return collectors.NewRegistry(Definitions()...) }
