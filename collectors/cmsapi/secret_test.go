package cmsapi

import (
	"strings"
	"testing"
)

func TestSecretFingerprint(t *testing.T) {
	a, b := NewSecret("CFPAT-one"), NewSecret("CFPAT-two")
	if a.Fingerprint() != NewSecret("CFPAT-one").Fingerprint() {
		t.Error("the same credential has two fingerprints")
	}
	if a.Fingerprint() == b.Fingerprint() {
		t.Error("two credentials share a fingerprint")
	}
	if got := a.Fingerprint(); len(got) != 8 || strings.Contains(a.Reveal(), got) {
		t.Errorf("fingerprint %q is not eight digits of a hash", got)
	}
}

func TestSecretEndsWith(t *testing.T) {
	s := NewSecret("CFPAT-abcdTmTU")
	for tail, want := range map[string]bool{"TmTU": true, "TmTu": false, "": false, "xCFPAT-abcdTmTU": false} {
		if got := s.EndsWith(tail); got != want {
			t.Errorf("EndsWith(%q) = %v, want %v", tail, got, want)
		}
	}
}

func TestJWT(t *testing.T) {
	for credential, want := range map[string]bool{
		"head.claims.signature": true, "5a5a5a": false, "": false, "a.b": false, "a.b.c.d": false,
	} {
		if got := NewSecret(credential).IsJWT(); got != want {
			t.Errorf("%q: %v", credential, got)
		}
	}
}
