// Package demo fills the emulators with companies: the invented one that
// `tokenaudit demo` audits, and generated ones of any size for measurements.
package demo

import (
	"time"

	"github.com/tokenaudit/tokenaudit/collectors/emulator"
	"github.com/tokenaudit/tokenaudit/collectors/emulator/contentful"
	"github.com/tokenaudit/tokenaudit/collectors/emulator/contentstack"
	"github.com/tokenaudit/tokenaudit/collectors/emulator/datocms"
)

// New returns Meridian Outfitters, a shop with two dozen sources in three CMSes,
// made for the moment now: the same now makes the same company. Every rule finds something to fail and something to pass. Two sources cannot be
// read to the end: a hibernated Contentful space, and a Contentstack stack on
// which the auditor is a developer only, so that its management tokens stay closed.
//
// Without a clock in the options, the CMSes' clock starts at now and runs.
func New(now time.Time, o emulator.Options) *Company {
	if o.Clock == nil {
		o.Clock = emulator.ClockFrom(now)
	}
	m := moment{now.UTC()}
	dato, credentials := m.datoCMS()
	return &Company{
		Contentful:             contentful.New(m.contentful(), contentful.Options{Options: o, SecondLimit: 10}),
		ContentfulOrganization: contentfulOrganization,
		ContentfulToken:        emulator.Secret(contentful.PersonalForm(), auditor),

		Contentstack:             contentstack.New(m.contentstack(), contentstack.Options{Options: o}),
		ContentstackRegion:       "eu",
		ContentstackOrganization: contentstackOrganization,
		ContentstackAuthtoken:    emulator.Secret(contentstack.UserForm(), auditor),

		DatoCMS:         datocms.New(dato, datocms.Options{Options: o}),
		DatoCMSProjects: credentials,
	}
}

const auditor = "audit"

// person is somebody who works, or worked, at the company.
type person struct {
	key, first, last string
	// role in the Contentful organization.
	role string
	// idle is how many days ago the person was last active; -1 for never.
	idle int
	// deactivated accounts still own tokens; those who left are no members.
	deactivated, left bool
}

func people() []person {
	return []person{
		{key: "ines", first: "Inês", last: "Moura", role: "owner", idle: 1},
		{key: "tom", first: "Tom", last: "Achterberg", role: "admin", idle: 0},
		{key: auditor, first: "Token", last: "Audit", role: "admin", idle: 0},
		{key: "priya", first: "Priya", last: "Raman", role: "member", idle: 2},
		{key: "jonas", first: "Jonas", last: "Lindqvist", role: "member", idle: 0},
		{key: "mei", first: "Mei", last: "Tanaka", role: "member", idle: 4},
		{key: "sam", first: "Sam", last: "Okafor", role: "developer", idle: 1},
		{key: "lucia", first: "Lucía", last: "Ferrer", role: "member", idle: 6},
		{key: "deploy", first: "Deploy", last: "Bot", role: "member", idle: 412},
		{key: "marek", first: "Marek", last: "Nowak", role: "member", idle: 3},
		{key: "hanna", first: "Hanna", last: "Vogel", role: "member", idle: 0},
		{key: "omar", first: "Omar", last: "Haddad", role: "member", idle: 9},
		{key: "grace", first: "Grace", last: "Whitfield", role: "member", idle: 47},
		{key: "ravi", first: "Ravi", last: "Menon", role: "member", idle: 133},
		{key: "elif", first: "Elif", last: "Demir", role: "member", idle: 12},
		{key: "noah", first: "Noah", last: "Brandt", role: "member", idle: 20},
		{key: "chloe", first: "Chloé", last: "Martin", role: "member", idle: -1},
		{key: "viktor", first: "Viktor", last: "Sokol", role: "developer", idle: 290, deactivated: true},
		{key: "dana", first: "Dana", last: "Levy", role: "member", idle: 530, deactivated: true},
		{key: "pete", first: "Pete", last: "Hargreaves", role: "developer", idle: 610, left: true},
		{key: "agency", first: "Studio", last: "Nord", role: "member", idle: 700, left: true},
	}
}

func (p person) email() string { return p.key + "@meridian.example" }

// demoID returns a person's id in one of the CMSes.
func (p person) id(cms string) string {
	if cms == "contentstack" {
		return "blt" + emulator.StableID(emulator.HexDigits, 16, "demo/person/"+p.key)
	}
	return emulator.StableID(emulator.Base62, 22, "demo/person/"+p.key)
}

func personByKey(key string) person {
	for _, p := range people() {
		if p.key == key {
			return p
		}
	}
	return person{key: key}
}
