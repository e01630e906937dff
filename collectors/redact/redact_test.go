package redact

import (
	"encoding/base32"
	"encoding/base64"
	"encoding/hex"
	"math/rand/v2"
	"strings"
	"testing"
)

// What a person has written stays readable.
func TestProseStays(t *testing.T) {
	for _, s := range []string{
		"You're not allowed in here unless you're logged in.",
		"AccessTokenInvalid", "INSUFFICIENT_PERMISSIONS", "PLATFORM_SCHEDULED_MAINTENANCE", "application_passwords_disabled",
		"rest_cannot_list_application_passwords", "the credential may not read directus_users, or the server does not have it",
		"UserManagementApiNotEnabledForOrganization", "application/vnd.contentful.management.v1+json",
		"GET /organizations/acme/access_tokens: 403 AccessDenied", "2026-11-22T08:00:00Z", "rate limit of 10 requests in 1000 ms",
		"var unknown_name is unsafe", "deny contains {\"rule\": rule.id} if {", "some token in input.tokens", "policies/rules/unused_token/unused_token.rego:12",
		"Stack of the organization was not found. Please try again.", "internationalization", "https://api.contentful.com/spaces",
		"time: 2026-11-22", "unexpected eof token: expected rule body", "token == \"active\"", "token := input.tokens[_]", "ECONNREFUSED 127.0.0.1:8055", "version 11.4.1", "",
	} {
		if got := Text(s); got != s {
			t.Errorf("%q became %q", s, got)
		}
	}
}

func TestCredentialsGo(t *testing.T) {
	for _, s := range []string{
		"CFPAT-abcdefghijklmnop", "cs0123456789abcdef01234567", "blt0123456789abcdef", "eyJhbGciOiJIUzI1NiJ9.eyJpZCI6MX0.c2lnbmF0dXJl",
		"ghp_16C7e42F292c6912E7710c838347Ae178B4a", "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
		"f81d4fae-7dec-11d0-a765-00a0c91e6bf6", "1234567890123456",
		"password=hunter2", "DB_PASSWORD=hunter2", `"api_key": "hunter2"`, "a: 1\nsecret: hunter2", "postgres://user:hunter2@db/x",
		"Authorization: Bearer hunter2", "bearer hunter2", "-----BEGIN PRIVATE KEY-----\nhunter2",
	} {
		for _, around := range [][2]string{{"", ""}, {"the key ", " is not known"}, {`"`, `"`}, {"(", ")"}, {"<", ">,"}} {
			got := Text(around[0] + s + around[1])
			if !strings.Contains(got, Mark) || strings.Contains(got, "hunter2") || strings.Contains(got, s) {
				t.Errorf("%q became %q", around[0]+s+around[1], got)
			}
		}
	}
}

func TestConnectionString(t *testing.T) {
	for s, want := range map[string]bool{
		"postgres://audit:hunter2@db.example.com/audit": true, "postgresql://db/audit": true, " POSTGRES://db": true,
		"host=db user=audit password=hunter2": true, "dbname=audit": true, "audit?password=hunter2": true, "Host = db": true,
		"tokenaudit.db": false, "/var/lib/tokenaudit/store.db": false, "../ghost=1.db": false, `C:\audit\store.db`: false, "my hosts.db": false, "": false,
	} {
		if got := ConnectionString(s); got != want {
			t.Errorf("%q: got %t", s, got)
		}
	}
}

// What a generator of credentials makes is found, whatever it is written in.
func TestRandomIsFound(t *testing.T) {
	missed := map[string]int{}
	const tries = 500
	source := rand.NewChaCha8([32]byte{})
	for range tries {
		b := make([]byte, 24)
		_, _ = source.Read(b)
		for form, s := range map[string]string{
			"hex": hex.EncodeToString(b[:8]), "base64": base64.StdEncoding.EncodeToString(b),
			"base64url": base64.RawURLEncoding.EncodeToString(b), "base32": base32.StdEncoding.EncodeToString(b[:15]),
		} {
			if strings.Contains(Text("the key "+s+" is not known"), s) {
				missed[form]++
			}
		}
	}
	for form, n := range missed {
		t.Logf("%s: %d of %d were not found", form, n, tries)
		if n > tries/100 {
			t.Errorf("%s: %d of %d were not found", form, n, tries)
		}
	}
}

// TestName: a name loses a credential that cannot be anything else, and no other text.
func TestName(t *testing.T) {
	for name, want := range map[string]string{
		"Website": "Website", "blt0123456789abcdef": "blt0123456789abcdef", "1dsap4ldqxv4 Bearer of news": "1dsap4ldqxv4 Bearer of news",
		"CFPAT-abcdefghijklmnop":                          Mark,
		"deploy (cs0123456789abcdef01234567)":             "deploy (" + Mark + ")",
		"x eyJhbGciOiJIUzI1NiJ9.eyJpZCI6MX0.c2lnbmF0dXJl": "x " + Mark,
		"Bearer abcdefghijklmnop":                         "Bearer " + Mark,
		"-----BEGIN PRIVATE KEY-----\nhunter2":            Mark,
	} {
		if got := Name(name); got != want {
			t.Errorf("%q became %q, want %q", name, got, want)
		}
	}
}
