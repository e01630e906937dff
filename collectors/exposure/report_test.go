package exposure

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

const (
	liveSecret  = "live-secret-of-a-delivery-token-0123456789"
	otherSecret = "another-secret-that-opens-nothing-01234567"
)

var personal = Suffix{CMS: "contentful", Kind: inventory.Personal, Prefix: "CFPAT-", Length: 49, Shown: 4}

// reports are one finding of the live secret and one of another, in each form.
var reports = map[string]struct {
	text string
	want inventory.Leak
}{
	"gitleaks": {
		`[
 {"RuleID":"generic-api-key","Description":"x","StartLine":3,"EndLine":3,"StartColumn":1,"EndColumn":9,"Match":"TOKEN=` + liveSecret + `","Secret":"` + liveSecret + `","File":"config/.env","SymlinkFile":"","Commit":"0a1b2c3d","Entropy":4.1,"Author":"A","Email":"a@example.com","Date":"2026-10-03T11:00:00Z","Message":"add","Tags":[],"Fingerprint":"f"},
 {"RuleID":"generic-api-key","StartLine":4,"Match":"x","Secret":"` + otherSecret + `","File":"a"}
]`,
		inventory.Leak{Tool: "gitleaks", Rule: "generic-api-key", File: "config/.env", Line: 3, Commit: "0a1b2c3d", Date: time.Date(2026, 10, 3, 11, 0, 0, 0, time.UTC)},
	},
	"betterleaks": {
		`[{"ruleID":"contentful","description":"x","confidence":"high","match":"x","secret":"` + liveSecret + `","attributes":{"path":"src/a.ts","git.sha":"0a1b2c3d","git.date":"2026-10-03T11:00:00Z","url":"https://git.example/a"},"location":{"startLine":7,"endLine":7,"startColumn":1,"endColumn":9},"tags":[]},
		  {"ruleID":"contentful","match":"x","secret":"` + otherSecret + `","location":{"startLine":8},"tags":[]}]`,
		inventory.Leak{Tool: "betterleaks", Rule: "contentful", File: "src/a.ts", Line: 7, Commit: "0a1b2c3d", Date: time.Date(2026, 10, 3, 11, 0, 0, 0, time.UTC)},
	},
	"betterleaks 1": {
		`[{"RuleID":"contentful","StartLine":7,"Match":"x","Secret":"` + liveSecret + `","Attributes":{"path":"src/a.ts","git.sha":"0a1b2c3d"}}]`,
		inventory.Leak{Tool: "betterleaks", Rule: "contentful", File: "src/a.ts", Line: 7, Commit: "0a1b2c3d"},
	},
	"betterleaks, JSON lines": {
		`{"ruleID":"contentful","match":"x","secret":"` + liveSecret + `","attributes":{"path":"a"},"location":{"startLine":7}}` + "\n" +
			`{"ruleID":"contentful","match":"x","secret":"` + otherSecret + `","location":{"startLine":7}}` + "\n",
		inventory.Leak{Tool: "betterleaks", Rule: "contentful", File: "a", Line: 7},
	},
	"trufflehog": {
		`{"SourceMetadata":{"Data":{"Git":{"commit":"0a1b2c3d","file":"deploy.sh","email":"a@example.com","repository":"r","timestamp":"2026-10-03 13:00:00 +0200 +0200","line":9}}},"SourceID":1,"SourceType":16,"SourceName":"trufflehog - git","DetectorType":1,"DetectorName":"ContentfulDelivery","DecoderName":"PLAIN","Verified":false,"Raw":"` + liveSecret + `","RawV2":"","Redacted":"","ExtraData":null,"StructuredData":null}
{"SourceMetadata":{"Data":{"Filesystem":{"file":"b"}}},"DetectorName":"X","Raw":"` + otherSecret + `"}
`,
		inventory.Leak{Tool: "trufflehog", Rule: "ContentfulDelivery", File: "deploy.sh", Line: 9, Commit: "0a1b2c3d", Date: time.Date(2026, 10, 3, 11, 0, 0, 0, time.UTC)},
	},
	"github": {
		`[{"number":42,"created_at":"2026-10-03T11:00:00Z","url":"https://api.github.com/x","html_url":"https://github.com/o/r/security/secret-scanning/42","state":"open","secret_type":"custom_contentful","secret":"` + liveSecret + `","first_location_detected":{"path":"web/.env","start_line":5,"end_line":5,"blob_sha":"b","commit_sha":"0a1b2c3d"},"has_more_locations":false}]
		 [{"number":41,"secret_type":"x","secret":"` + otherSecret + `"}]`, // gh api --paginate prints one array after the other
		inventory.Leak{Tool: "github", Rule: "custom_contentful", File: "web/.env", Line: 5, Commit: "0a1b2c3d", Date: time.Date(2026, 10, 3, 11, 0, 0, 0, time.UTC)},
	},
	"github without a location": {
		`{"number":42,"created_at":"2026-10-03T11:00:00Z","html_url":"https://github.com/o/r/security/secret-scanning/42","secret_type":"custom_contentful","secret":"` + liveSecret + `"}`,
		inventory.Leak{Tool: "github", Rule: "custom_contentful", File: "https://github.com/o/r/security/secret-scanning/42", Date: time.Date(2026, 10, 3, 11, 0, 0, 0, time.UTC)},
	},
}

// token is a live one whose secret may have been seen.
func token(id string) *inventory.Token {
	return &inventory.Token{ID: id, CMS: "contentful", Kind: inventory.Delivery, Secret: inventory.Secret{Readable: inventory.Yes}}
}

func TestReportsAreRecognized(t *testing.T) {
	for name, c := range reports {
		t.Run(name, func(t *testing.T) {
			s := open(t)
			s.Add("live", []byte(liveSecret))
			s.Add("safe", []byte("a-secret-that-no-report-has-0123456789"))
			l := NewLeaks(s, nil)
			if err := l.Read(strings.NewReader(c.text)); err != nil {
				t.Fatal(err)
			}
			c.want.Match = inventory.MatchExact
			want := &inventory.Exposure{State: inventory.ExposureFound, Found: []inventory.Leak{c.want}}
			if diff := cmp.Diff(want, l.Of(token("live"))); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if got := l.Of(token("safe")); got.State != inventory.ExposureNone || got.Found != nil {
				t.Errorf("a secret that no report has is %+v", got)
			}
		})
	}
}

func TestReportsThatAreRefused(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"empty":         {" \n", "the report is empty"},
		"text":          {"no leaks found", "not valid JSON after 0 findings: expected the JSON report of gitleaks"},
		"cut off":       {`[{"RuleID":"a","Secret":"` + liveSecret + `"},`, "not valid JSON"},
		"broken":        {`[{"RuleID":"a" "Secret":"b"}]`, "not valid JSON"},
		"second broken": {`{"secret_type":"a","secret":"` + liveSecret + `"} {`, "not valid JSON after 1 findings"},
		"an error":      {`{"message":"Not Found","status":"404"}`, "finding 1 has an unknown form: expected"},
		"SARIF":         {`{"version":"2.1.0","runs":[]}`, "finding 1 has an unknown form: expected"},
		"numbers":       {`[1]`, "finding 1 is not an object: expected"},
		"null":          {`[null]`, "finding 1 is not an object: expected"},
		"redacted":      {`[{"RuleID":"a","Secret":"REDACTED","Match":"x=REDACTED","File":"f"}]`, "finding 1 of gitleaks has no secret that could be compared; make the report without --redact"},
		"redacted in part": {
			`[{"RuleID":"a","Secret":"` + liveSecret + `","File":"f"},{"ruleID":"a","secret":"abc...","location":{"startLine":1}}]`,
			"finding 2 of betterleaks has no secret that could be compared; make the report without --redact",
		},
		"hidden": {`[{"secret_type":"a","number":1}]`, "finding 1 of github has no secret that could be compared; make the report without hide_secret"},
	} {
		t.Run(name, func(t *testing.T) {
			err := NewLeaks(open(t), nil).Read(strings.NewReader(c.text))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("the error is %v, not %q", err, c.want)
			}
			if strings.Contains(err.Error(), liveSecret) {
				t.Errorf("the error quotes the secret: %v", err)
			}
		})
	}
}

func TestEmptyListIsAReport(t *testing.T) {
	s := open(t)
	s.Add("live", []byte(liveSecret))
	l := NewLeaks(s, nil)
	if err := l.Read(strings.NewReader("[]\n")); err != nil {
		t.Fatal(err)
	}
	if got := l.Of(token("live")); got.State != inventory.ExposureNone {
		t.Errorf("the state is %s", got.State)
	}
}

// A string is found in what surrounds it, as scanners report it.
func TestWordsOfAStringAreCompared(t *testing.T) {
	s := open(t)
	s.Add("key", []byte("id0123456789abcdef:5ec0123456789abcdef0123456789abcdef"))
	s.Add("live", []byte(liveSecret))
	l := NewLeaks(s, nil)
	for i, text := range []string{
		`export TOKEN="` + liveSecret + `"`, "https://cdn.example/spaces/a?access_token=" + liveSecret + "&x=1", "Bearer " + liveSecret + "\n",
		"key: id0123456789abcdef:5ec0123456789abcdef0123456789abcdef", "no " + liveSecret + "x",
		`\n` + liveSecret + `\n`, `key=\u003e` + liveSecret, `'\x3e` + liveSecret, "token%3D" + liveSecret + "%26", `\033` + liveSecret, `\U0001f511` + liveSecret, `\nx` + liveSecret,
		"\x1b[1;32m" + liveSecret + "\x1b[0m", "xm" + liveSecret,
	} {
		l.places = append(l.places, inventory.Leak{Tool: "x", Line: i + 1})
		l.add([]byte(text), i)
	}
	if got := len(l.Of(token("live")).Found); got != 10 {
		t.Errorf("found in %d places, 10 wanted", got)
	}
	if got := l.Of(token("key")).Found; len(got) != 1 || got[0].Line != 4 {
		t.Errorf("a key with a colon is found in %+v", got)
	}
}

func TestSuffixNeedsPrefixLengthAndEnd(t *testing.T) {
	pat := func(body string) string { return "CFPAT-" + strings.Repeat("x", 43-len(body)) + body }
	for name, c := range map[string]struct {
		leaked string
		want   inventory.ExposureState
	}{
		"all agree":      {pat("9f3a"), inventory.ExposureFound},
		"another end":    {pat("9f3b"), inventory.ExposureUnknown},
		"another length": {pat("9f3a")[1:], inventory.ExposureUnknown},
		"longer":         {pat("9f3a") + "9f3a", inventory.ExposureUnknown},
		"another prefix": {"cfpat-" + pat("9f3a")[6:], inventory.ExposureUnknown},
	} {
		t.Run(name, func(t *testing.T) {
			l := NewLeaks(open(t), []Suffix{personal})
			if err := l.Read(strings.NewReader(fmt.Sprintf(`[{"RuleID":"a","Secret":%q,"File":"f"}]`, c.leaked))); err != nil {
				t.Fatal(err)
			}
			of := &inventory.Token{ID: "t", CMS: "contentful", Kind: inventory.Personal, Secret: inventory.Secret{Readable: inventory.No, Hint: "9f3a"}}
			got := l.Of(of)
			if got.State != c.want {
				t.Fatalf("the state is %s, not %s", got.State, c.want)
			}
			if got.State == inventory.ExposureFound && got.Found[0].Match != inventory.MatchSuffix {
				t.Errorf("the match is %s", got.Found[0].Match)
			}
			if got.State == inventory.ExposureUnknown && got.Reason != reasonSuffix {
				t.Errorf("the reason is %q", got.Reason)
			}
			of.Kind = inventory.CLI
			if got := l.Of(of); got.State != inventory.ExposureUnknown || got.Reason != reasonHidden {
				t.Errorf("a token of another kind is %+v", got)
			}
		})
	}
}

func TestUnknownExposures(t *testing.T) {
	l := NewLeaks(open(t), nil)
	for readable, want := range map[inventory.Ternary]string{inventory.No: reasonHidden, inventory.Yes: reasonUnseen, inventory.Unknown: reasonUnseen} {
		of := token("t")
		of.Secret.Readable = readable
		if got := l.Of(of); got.State != inventory.ExposureUnknown || got.Reason != want {
			t.Errorf("readable %s: %+v", readable, got)
		}
	}
}

// Places are cut, sorted and each once; those of planned tokens, and what a source has told
// itself, are left alone.
func TestApply(t *testing.T) {
	s := open(t)
	s.Add("live", []byte(liveSecret))
	l := NewLeaks(s, nil)
	var b strings.Builder
	for i := range maxPlaces + 5 {
		fmt.Fprintf(&b, `{"RuleID":"a","Secret":%q,"File":"f","StartLine":%d}`, liveSecret, 900-i)
	}
	if err := l.Read(strings.NewReader(b.String())); err != nil {
		t.Fatal(err)
	}
	told := &inventory.Exposure{State: inventory.ExposureNone}
	source := inventory.Source{Tokens: []inventory.Token{*token("live"), *token("planned"), *token("told")}}
	source.Tokens[1].Planned, source.Tokens[2].Exposure = inventory.PlannedCreate, told
	l.Apply(&source)
	got := source.Tokens[0].Exposure
	if len(got.Found) != maxPlaces || got.Reason != "100 of 105 places are named" || got.Found[0].Line != 801 {
		t.Errorf("%d places from line %d on, %q", len(got.Found), got.Found[0].Line, got.Reason)
	}
	if source.Tokens[1].Exposure != nil || source.Tokens[2].Exposure != told {
		t.Error("a planned token, or what a source told, was changed")
	}
}

// What is shown of a report does not hold the secret that it is about.
func TestNamesInAReportAreCleaned(t *testing.T) {
	s := open(t)
	s.Add("live", []byte(liveSecret))
	l := NewLeaks(s, nil)
	text := fmt.Sprintf(`[{"RuleID":"a%[1]s","Secret":%[1]q,"File":"https://x.example/?t=%[1]s","Commit":"%[1]s","StartLine":-4}]`, liveSecret)
	if err := l.Read(strings.NewReader(text)); err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprintf("%+v", l.Of(token("live"))); strings.Contains(got, liveSecret) || strings.Contains(got, "-4") {
		t.Errorf("shown is %s", got)
	}
}

func FuzzReport(f *testing.F) {
	for _, r := range reports {
		f.Add([]byte(r.text))
	}
	for _, text := range []string{"", "[", "{}", "[{}]", `[{"RuleID":"a"}]`, `{"a":"\`, "]", `{"]"`, "\ufeff[]", `[[{"secret_type":"a","secret":"b"}]]`} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		s := open(t)
		s.Add("live", []byte(liveSecret))
		l := NewLeaks(s, []Suffix{personal})
		if err := l.Read(strings.NewReader(string(text))); err != nil {
			if strings.Contains(err.Error(), liveSecret) {
				t.Errorf("the error quotes the secret: %v", err)
			}
			return
		}
		source := inventory.Source{Tokens: []inventory.Token{*token("live")}}
		l.Apply(&source)
		e := source.Tokens[0].Exposure
		for _, leak := range e.Found {
			if leak.Tool == "" || leak.Line < 0 || leak.Match != inventory.MatchExact {
				t.Errorf("a place is %+v", leak)
			}
		}
		if e.State == inventory.ExposureUnknown {
			t.Error("a secret that was seen is unknown")
		}
	})
}
