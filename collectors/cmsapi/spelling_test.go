package cmsapi

import (
	"net/http"
	"testing"
)

// TestMembersAreCaseSensitive: a member whose name differs from that of the API in
// upper and lower case is another member, wherever it stands.
func TestMembersAreCaseSensitive(t *testing.T) {
	t.Parallel()
	type entry struct {
		Read  Field[Flag]        `json:"read"`
		Kept  Field[Text]        `json:"kept"`
		Other Map[Field[string]] `json:"other"`
	}
	type answer struct {
		Items List[entry] `json:"items"`
	}
	for name, test := range map[string]struct {
		body string
		read bool
	}{
		"alone":                   {`{"items":[{"read":true,"kept":"k"}]}`, true},
		"another after it":        {`{"items":[{"read":true,"Read":false,"kept":"k"}]}`, true},
		"another before it":       {`{"items":[{"READ":false,"read":true,"kept":"k"}]}`, true},
		"two others":              {`{"items":[{"READ":false,"read":true,"Read":false,"kept":"k"}]}`, true},
		"another one only":        {`{"items":[{"Read":true,"kept":"k"}]}`, false},
		"written with an escape":  {`{"items":[{"read":true,"\u0052ead":false,"kept":"k"}]}`, true},
		"the API's with one":      {`{"items":[{"\u0072ead":true,"kept":"k"}]}`, true},
		"another list":            {`{"items":[{"read":true,"kept":"k"}],"Items":[]}`, true},
		"the long s and Kelvin's": {"{\"items\":[{\"read\":true,\"kept\":\"k\",\"\u212aept\":\"x\"}],\"item\u017f\":[]}", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := newClient(t, func(*http.Request) (*http.Response, error) { return reply(200, test.body) }, Options{}, nil)
			var got answer
			if _, err := client.Get(t.Context(), Request{Path: "/"}, &got); err != nil {
				t.Fatal(err)
			}
			if len(got.Items.Items) != 1 || bool(got.Items.Items[0].Read.Value) != test.read || got.Items.Items[0].Kept.Value != "k" {
				t.Errorf("got %+v", got)
			}
		})
	}
}
