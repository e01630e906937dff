package cmsapi

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"
)

// Whatever a server sends: no panic, a value or a reason for each field, and
// never both.
func FuzzFields(f *testing.F) {
	for _, seed := range []string{
		`{}`, `[]`, `null`, `{"name":"n","id":7,"flag":"true","count":"12","at":"2026-11-22T01:05:22.981Z","local":"2026-11-22T01:05:22"}`,
		`{"name":null,"id":null,"flag":null,"count":null,"at":null,"local":null,"inner":null,"roles":null,"can":null,"refs":null}`,
		`{"name":1,"id":[],"flag":{},"count":"x","at":"2026-02-30","local":{},"inner":[1],"roles":{"a":1},"can":[1],"refs":"x"}`,
		`{"inner":{"id":{"id":1}},"roles":["a",1,null],"can":{"a":true,"b":"x"},"refs":[{"id":1},2]}`,
		"{\"name\":\"\xff\xfe\",\"id\":\"\\ud800\"}", `{"count":1e999,"at":"9999-12-31T23:59:59-12:00"}`, `{"flag":"\"true\""}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var x thing
		if err := decode(&answer{status: 200, header: http.Header{}, body: b}, &x); err != nil {
			if err.Class == "" || err.Message == "" {
				t.Errorf("an error without a class or message: %+v", err)
			}
			return
		}
		for name, f := range map[string]struct {
			state  FieldState
			reason string
		}{
			"name": {x.Name.State, x.Name.Reason("f")}, "id": {x.ID.State, x.ID.Reason("f")}, "flag": {x.Flag.State, x.Flag.Reason("f")},
			"count": {x.Count.State, x.Count.Reason("f")}, "at": {x.At.State, x.At.Reason("f")}, "local": {x.Local.State, x.Local.Reason("f")},
			"inner": {x.Inner.State, x.Inner.Reason("f")}, "can": {x.Can.State, x.Can.Reason("f")}, "refs": {x.Refs.State, x.Refs.Reason("f")},
		} {
			if (f.state == FieldGiven) != (f.reason == "") {
				t.Errorf("%s: state %d, reason %q", name, f.state, f.reason)
			}
		}
		if err := x.Roles.Err("roles"); (err == nil) != (x.Roles.State == FieldGiven && x.Roles.Broken == 0) {
			t.Errorf("roles: %+v, %v", x.Roles, err)
		}
		if !utf8.ValidString(x.Name.Value) {
			t.Errorf("the name %q is not valid UTF-8", x.Name.Value)
		}
		for _, m := range []Moment{x.At.Value, x.Local.Value.Moment} {
			if _, err := json.Marshal(m.Time); err != nil {
				t.Errorf("a time that cannot be written: %v", err)
			}
		}
	})
}

func FuzzParseMoment(f *testing.F) {
	for _, seed := range []string{"2026-11-22", "2026-11-22T01:05:22.981Z", "2026-11-22T00:45:03", "2026-11-22 01:05:42 UTC", "9999-12-31T23:59:59-23:59", ""} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		m, err := ParseMoment(s)
		if err != nil {
			return
		}
		again, err := ParseMoment(m.Time.Format(time.RFC3339Nano))
		if err != nil || !again.Time.Equal(m.Time) || m.Time.Location() != time.UTC {
			t.Errorf("%q is %v, and again %v, %v", s, m, again, err)
		}
	})
}

// What is printed is one line of printable text of bounded length, without the
// credential.
func FuzzMessages(f *testing.F) {
	for _, seed := range []string{"", "plain", "a\r\nb", "\x1b[31mred", "\u202eevil", "bad " + credential, credential + credential, "\xff\xfe", strings.Repeat("é", 1000), strings.Repeat("a ", 1000)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := oneLine(scrub(s, []string{credential}), maxMessage)
		if n := utf8.RuneCountInString(got); n > maxMessage+1 || !utf8.ValidString(got) || strings.Contains(got, credential) {
			t.Errorf("%q became %q of %d runes", s, got, n)
		}
		if i := strings.IndexFunc(got, func(r rune) bool { return unicode.Is(unicode.C, r) || r != ' ' && unicode.IsSpace(r) }); i >= 0 {
			t.Errorf("%q became %q", s, got)
		}
	})
}

// No header can make a client wait longer than it may, or less than nothing.
func FuzzRetryAfter(f *testing.F) {
	for _, seed := range []string{"", "0", "1", "-1", "1.5", "1e308", "NaN", "Inf", "0x10", "Sat, 01 Jan 2000 00:00:05 GMT", "soon"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		wait, ok := standardRetryAfter(&answer{header: http.Header{"Retry-After": {s}}})
		if wait < 0 || !ok && wait != 0 {
			t.Errorf("%q is %v, %v", s, wait, ok)
		}
	})
}
