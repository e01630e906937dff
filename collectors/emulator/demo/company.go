package demo

import (
	"time"

	"github.com/tokenaudit/tokenaudit/collectors/emulator/contentful"
	"github.com/tokenaudit/tokenaudit/collectors/emulator/contentstack"
	"github.com/tokenaudit/tokenaudit/collectors/emulator/datocms"
)

// Company is a company in memory: the CMSes it uses, and what an audit of it
// needs to know. It is what a configuration would say.
type Company struct {
	Contentful *contentful.Emulator
	// ContentfulOrganization is the id of the organization to audit, and
	// ContentfulToken the auditor's token.
	ContentfulOrganization, ContentfulToken string

	Contentstack *contentstack.Emulator
	// ContentstackRegion is the region's id; ContentstackOrganization the uid
	// of the organization to audit, and ContentstackAuthtoken the auditor's session.
	ContentstackRegion, ContentstackOrganization, ContentstackAuthtoken string

	DatoCMS *datocms.Emulator
	// DatoCMSProjects are the projects to audit, with the auditor's token of each.
	DatoCMSProjects []DatoCMSCredential
}

// DatoCMSCredential is a project and a token that reads it.
type DatoCMSCredential struct {
	Name, Token string
}

// moment is the time for which a company is made.
type moment struct{ now time.Time }

// ago is a time some days back. The hour varies with the number of days, so
// that not everything happens at once.
func (m moment) ago(days int) time.Time {
	return m.now.AddDate(0, 0, -days).Add(-time.Duration(days*7%240) * time.Minute).Truncate(time.Second)
}

// day is the date some days ahead.
func (m moment) day(days int) string { return m.now.AddDate(0, 0, days).Format(time.DateOnly) }

func texts(ids ...string) []string { return ids }
