package demo

import (
	"fmt"

	"github.com/tokenaudit/tokenaudit/collectors/emulator"
	"github.com/tokenaudit/tokenaudit/collectors/emulator/contentful"
)

// login is one token of the management API.
type login struct {
	person, name string
	kind         contentful.TokenType
	write        bool
	// age, life and used are days: since creation, from creation to expiry (0:
	// never), since the last use (-1: never). revoked is 0 for tokens that are not.
	age, life, used, revoked int
}

// demoContentfulTokens are those that tell a story, and the ordinary ones of
// everybody who works with content.
func (m moment) contentfulTokens() []*contentful.Token {
	logins := []login{
		{person: auditor, name: "tokenaudit", age: 30, life: 90, used: 1},
		{person: "ines", name: "Ines: everything", write: true, age: 1500, used: 210},
		{person: "tom", name: "terraform-state", write: true, age: 420, life: 1095, used: 0},
		{person: "tom", name: "org-backup", age: 60, life: 365, used: 1},
		{person: "deploy", name: "GitHub Actions", write: true, age: 700, used: 0},
		{person: "deploy", name: "Jenkins (old)", write: true, age: 1100, used: 395},
		{person: "deploy", name: "content-migrations", write: true, age: 80, life: 90, used: 2},
		{person: "jonas", name: "local scripts", write: true, age: 35, life: 42, used: 1},
		{person: "jonas", name: "export 2023", write: true, age: 1000, life: 30, used: 985},
		{person: "priya", name: "schema sync", write: true, age: 200, life: 365, used: 3},
		{person: "priya", name: "schema sync", write: true, age: 20, life: 365, used: -1},
		{person: "mei", name: "hackathon", write: true, age: 260, used: -1},
		{person: "sam", name: "rotate-me", write: true, age: 380, life: 390, used: 5},
		{person: "lucia", name: "read reports", age: 120, used: 4},
		{person: "grace", name: "Zapier", write: true, age: 510, used: 0},
		{person: "ravi", name: "spreadsheet import", write: true, age: 160, used: 128},
		{person: "viktor", name: "viktor-laptop", write: true, age: 480, used: 291},
		{person: "viktor", name: "nightly export", age: 900, life: 1460, used: 1},
		{person: "dana", name: "newsletter", write: true, age: 800, life: 365, used: 540, revoked: 529},
		{person: "pete", name: "webhooks", write: true, age: 980, used: 612},
		{person: "agency", name: "relaunch", write: true, age: 820, life: 365, used: 702},
	}
	for i, person := range texts("priya", "jonas", "mei", "sam", "lucia", "marek", "hanna", "omar", "elif", "noah") {
		logins = append(logins,
			login{person: person, name: "CLI login", kind: contentful.CLI, write: true, age: 40 + 9*i, life: 180, used: i},
			login{person: person, name: "CLI login", kind: contentful.CLI, write: true, age: 300 + 11*i, life: 180, used: 150 + i},
			login{person: person, name: "Translation bridge", kind: contentful.OAuth, write: i%3 == 0, age: 210 + 13*i, life: 360, used: 2 * i},
			login{person: person, name: "notebook", write: i%2 == 0, age: 70 + 7*i, life: 180 + 30*(i%4), used: 3 + 2*i},
			login{person: person, name: "notebook", write: true, age: 400 + 7*i, life: 365, used: 60 + i, revoked: 50 + i},
			login{person: person, name: "GraphQL playground", age: 100 + 5*i, life: 270, used: 14 * i},
		)
	}
	var tokens []*contentful.Token
	for i, login := range logins {
		tokens = append(tokens, m.contentfulToken(i, login))
	}
	return tokens
}

func (m moment) contentfulToken(i int, login login) *contentful.Token {
	seed := fmt.Sprint("demo/token/", login.person, "/", i)
	t := &contentful.Token{
		ID: emulator.StableID(emulator.Base62, 22, seed), Type: login.kind, Name: login.name, User: ids(login.person)[0],
		Secret: emulator.Secret(contentful.PersonalForm(), seed), Scopes: []string{contentful.Read}, CreatedAt: m.ago(login.age),
	}
	if login.person == auditor {
		t.Secret = emulator.Secret(contentful.PersonalForm(), auditor)
	}
	if t.Type == "" {
		t.Type = contentful.Personal
	}
	if t.Type == contentful.OAuth {
		t.Application = emulator.StableID(emulator.Base62, 22, "demo/app/"+login.name)
	}
	if login.write {
		t.Scopes = []string{contentful.Manage}
	}
	if login.life > 0 {
		t.ExpiresAt = t.CreatedAt.AddDate(0, 0, login.life)
	}
	if login.used >= 0 {
		t.LastUsedAt = m.ago(login.used)
	}
	if login.revoked > 0 {
		t.RevokedAt = m.ago(login.revoked)
	}
	return t
}
