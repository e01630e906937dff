package report

import "testing"

// The fingerprint is a contract with every saved baseline and every alert on a
// code scanning platform: these values must never change.
func TestFingerprintIsFrozen(t *testing.T) {
	for _, tt := range []struct{ rule, source, token, key, want string }{
		{"write-token-never-expires", "datocms/projects/77", "datocms/projects/77/access_tokens/312", "",
			"cfe3ae745fda89f2b3287fd881e3edefddd84f41a74aab2d22ed93c862f34aeb"},
		{"token-limit-near", "contentstack/stacks/blt1", "", "", "91d3d2a29e891375b7b1fcdc1b5937d291201aea30dd7459e31320eb06994109"},
		{"custom/naming", "contentful/spaces/abc", "contentful/spaces/abc/api_keys/6gv", "prefix", "aa13cd6834d5d7bba13653cc947935aa2e8c89a405bfe84a7fbae33566a63236"},
	} {
		if got := Fingerprint(tt.rule, tt.source, tt.token, tt.key); got != tt.want {
			t.Errorf("Fingerprint(%q, %q, %q, %q) = %s, want %s", tt.rule, tt.source, tt.token, tt.key, got, tt.want)
		}
	}
}

func TestFingerprintKeepsPartsApart(t *testing.T) {
	if Fingerprint("a", "b", "", "c") == Fingerprint("a", "b", "c", "") {
		t.Error("a key and a token id of the same text give the same fingerprint")
	}
	if Fingerprint("ab", "c", "", "") == Fingerprint("a", "bc", "", "") {
		t.Error("the boundary between rule and source does not count")
	}
}
