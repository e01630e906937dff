package cmsapi

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// thing has a field of every kind.
type thing struct {
	Name  Field[string]       `json:"name"`
	ID    Field[Text]         `json:"id"`
	Flag  Field[Flag]         `json:"flag"`
	Count Field[Integer]      `json:"count"`
	At    Field[Moment]       `json:"at"`
	Local Field[UTCMoment]    `json:"local"`
	Inner Field[innerThing]   `json:"inner"`
	Roles List[string]        `json:"roles"`
	Can   Map[Flag]           `json:"can"`
	Refs  Field[[]innerThing] `json:"refs"`
}

type innerThing struct {
	ID Field[Text] `json:"id"`
}

// A wrong type costs one field, and says why, without quoting the value.
func TestFieldsKeepTheirReasonAndTheRest(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		json  string
		state FieldState
		of    func(thing) (FieldState, string)
		want  string
	}{
		"absent":               {`{}`, FieldAbsent, name, "the CMS's response has no x"},
		"null":                 {`{"name":null}`, FieldNull, name, "x is null in the CMS's response"},
		"given":                {`{"name":"n"}`, FieldGiven, name, ""},
		"a number":             {`{"name":12345678}`, FieldWrong, name, "x in the CMS's response is a number"},
		"an object":            {`{"name":{"s3cret":1}}`, FieldWrong, name, "x in the CMS's response is an object"},
		"an array":             {`{"name":["s3cret"]}`, FieldWrong, name, "x in the CMS's response is an array"},
		"a boolean":            {`{"name":true}`, FieldWrong, name, "x in the CMS's response is a boolean"},
		"twice":                {`{"name":"n","name":1}`, FieldWrong, name, "x in the CMS's response is a number"},
		"a flag that is none":  {`{"flag":"s3cret"}`, FieldWrong, flag, "x in the CMS's response is a string that is neither true nor false"},
		"half a count":         {`{"count":1.5}`, FieldWrong, count, "x in the CMS's response is a number that is not a whole number"},
		"a count beyond":       {`{"count":1e300}`, FieldWrong, count, "x in the CMS's response is a number that is not a whole number"},
		"a time that is none":  {`{"at":"s3cret"}`, FieldWrong, at, "x in the CMS's response is a string that is not a time"},
		"a time without zone":  {`{"at":"2026-11-22T00:45:03"}`, FieldWrong, at, "x in the CMS's response is a time without a zone"},
		"a time as a number":   {`{"at":1763800000}`, FieldWrong, at, "x in the CMS's response is a number"},
		"a string for objects": {`{"inner":"s3cret"}`, FieldWrong, inner, "x in the CMS's response is a string"},
		"an array of strings":  {`{"refs":["s3cret"]}`, FieldWrong, refs, "x in the CMS's response is an array"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got thing
			document := strings.TrimSuffix(test.json, "}") + `,"roles":["kept"]}`
			if err := json.Unmarshal([]byte(strings.Replace(document, "{,", "{", 1)), &got); err != nil {
				t.Fatal(err)
			}
			if state, reason := test.of(got); state != test.state || reason != test.want {
				t.Errorf("state %d, %q; want %d, %q", state, reason, test.state, test.want)
			}
			if len(got.Roles.Items) != 1 {
				t.Error("the rest of the answer is lost")
			}
		})
	}
}

func name(x thing) (FieldState, string)  { return x.Name.State, x.Name.Reason("x") }
func flag(x thing) (FieldState, string)  { return x.Flag.State, x.Flag.Reason("x") }
func count(x thing) (FieldState, string) { return x.Count.State, x.Count.Reason("x") }
func at(x thing) (FieldState, string)    { return x.At.State, x.At.Reason("x") }
func inner(x thing) (FieldState, string) { return x.Inner.State, x.Inner.Reason("x") }
func refs(x thing) (FieldState, string)  { return x.Refs.State, x.Refs.Reason("x") }

func TestTolerantValues(t *testing.T) {
	t.Parallel()
	var got struct {
		Texts  []Text
		Flags  []Flag
		Counts []Integer
	}
	document := `{"Texts":["a","",7,1.50,12345678901234567890],"Flags":[true,"TRUE",1,"1",false,"false",0],"Counts":[3,"604800000",-1,100.0,1e2]}`
	if err := json.Unmarshal([]byte(document), &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]Text{"a", "", "7", "1.50", "12345678901234567890"}, got.Texts); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]Flag{true, true, true, true, false, false, false}, got.Flags); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]Integer{3, 604800000, -1, 100, 100}, got.Counts); diff != "" {
		t.Error(diff)
	}
}

func TestFieldAccess(t *testing.T) {
	t.Parallel()
	given, absent := Given("v"), Field[string]{}
	if v, ok := given.Get(); v != "v" || !ok || given.Or("w") != "v" || given.Missing() {
		t.Errorf("given: %+v", given)
	}
	if v, ok := absent.Get(); v != "" || ok || absent.Or("w") != "w" || !absent.Missing() {
		t.Errorf("absent: %+v", absent)
	}
	out, err := json.Marshal([]Field[string]{given, absent})
	if err != nil || string(out) != `["v",null]` {
		t.Errorf("got %s, %v", out, err)
	}
}

func TestListsKeepWhatCanBeRead(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		json  string
		items int
		err   string
	}{
		"all":        {`[{"id":"a"},{"id":7}]`, 2, ""},
		"empty":      {`[]`, 0, ""},
		"null":       {`null`, 0, "tokens is null in the CMS's response"},
		"a number":   {`17`, 0, "tokens in the CMS's response is a number"},
		"an object":  {`{}`, 0, "tokens in the CMS's response is an object"},
		"one broken": {`[{"id":"a"},"s3cret",{"id":"b"},null]`, 2, "2 of 4 tokens cannot be read: element 2 is a string"},
		"all broken": {`[1]`, 0, "1 of 1 tokens cannot be read: element 1 is a number"},
	}
	for name, test := range tests {
		var got struct{ Tokens List[innerThing] }
		if err := json.Unmarshal([]byte(`{"Tokens":`+test.json+`}`), &got); err != nil {
			t.Fatal(err)
		}
		if len(got.Tokens.Items) != test.items {
			t.Errorf("%s: %d items", name, len(got.Tokens.Items))
		}
		switch err := got.Tokens.Err("tokens"); {
		case err == nil && test.err != "":
			t.Errorf("%s: no error", name)
		case err != nil && (err.Message != test.err || err.Class != inventory.ErrUnreadable):
			t.Errorf("%s: got %s %q", name, err.Class, err.Message)
		}
	}
	if err := (List[string]{}).Err("tokens"); err == nil || err.Message != "the CMS's response has no tokens" {
		t.Errorf("absent: %v", err)
	}
}

func TestMapsKeepWhatCanBeRead(t *testing.T) {
	t.Parallel()
	for document, want := range map[string]string{
		`{"b":true,"a":"false"}`:        "map[a:false b:true] []",
		`{"b":"s3cret","a":1,"c":null}`: "map[a:true] [b c]",
		`[]`:                            "map[] []",
		`["a"]`:                         "x in the CMS's response is an array",
		`null`:                          "x is null in the CMS's response",
		`"a"`:                           "x in the CMS's response is a string",
	} {
		var got Map[Flag]
		if err := json.Unmarshal([]byte(document), &got); err != nil {
			t.Fatal(err)
		}
		text := got.Reason("x")
		if text == "" {
			text = sprint(got.Members, got.Broken)
		}
		if text != want {
			t.Errorf("%s: %s, want %s", document, text, want)
		}
	}
}
