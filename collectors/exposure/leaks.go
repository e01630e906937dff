package exposure

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

const (
	// maxPlaces is how many places of one secret are kept.
	maxPlaces = 100
	// maxWords is how many words of one string are compared.
	maxWords = 64
)

// Suffix declares what a CMS shows of secrets that it does not show whole: their last
// characters, as the hint of a token.
type Suffix struct {
	CMS  string
	Kind inventory.Kind
	// Prefix is what all such secrets begin with, Length how long each is, in bytes.
	Prefix string
	Length int
	// Shown is how many of the last characters the CMS shows.
	Shown int
}

// Leaks are the strings of reports of leak scanners, as keyed hashes, with the places
// where they were found. It is not safe for concurrent use until all reports are read.
type Leaks struct {
	secrets  *Secrets
	suffixes []Suffix
	// found are indices of places, by the hash of a string, and of the end of one.
	found  map[digest][]int
	places []inventory.Leak
	// strings counts what was read.
	strings int
}

// NewLeaks makes an empty set that is compared with secrets.
func NewLeaks(secrets *Secrets, suffixes []Suffix) *Leaks {
	return &Leaks{secrets: secrets, suffixes: suffixes, found: map[digest][]int{}}
}

// Strings is how many strings the reports have.
func (l *Leaks) Strings() int { return l.strings }

// add takes a string that was found at a place: the string itself, and its words, because
// some scanners report more than the secret. It keeps nothing of text.
func (l *Leaks) add(text []byte, place int) {
	l.word(bytes.TrimSpace(text), place)
	n := 0
	for _, ends := range []Class{otherSigns | anything | dot, otherSigns | anything | dot | colon} {
		at := 0
		for word := range bytes.FieldsFuncSeq(text, func(r rune) bool { return r > 0x7f || ClassOf(byte(r)) == 0 || ClassOf(byte(r))&ends != 0 }) {
			if n++; n > maxWords {
				return
			}
			at += bytes.Index(text[at:], word)
			for i := range min(len(word), LongestEscape) {
				if i == 0 || AfterEscape(text, at+i) {
					l.word(word[i:], place)
				}
			}
			at += len(word)
		}
	}
}

func (l *Leaks) word(word []byte, place int) {
	d := &digest{}
	if !secretLike(word) || !l.secrets.vault.sum(d, exactly, word) {
		return
	}
	l.keep(d, place)
	for _, s := range l.suffixes {
		if len(word) == s.Length && bytes.HasPrefix(word, []byte(s.Prefix)) && l.secrets.sumSuffix(d, s, word[len(word)-s.Shown:]) {
			l.keep(d, place)
		}
	}
}

func (l *Leaks) keep(d *digest, place int) {
	if places := l.found[*d]; len(places) == 0 || places[len(places)-1] != place {
		l.found[*d] = append(places, place)
	}
}

// sumSuffix hashes the end of a secret of a declared form.
func (s *Secrets) sumSuffix(d *digest, of Suffix, end []byte) bool {
	message := append([]byte(of.Prefix+"\x00"+strconv.Itoa(of.Length)+"\x00"), end...)
	defer clear(message)
	return s.vault.sum(d, bySuffix, message)
}

// The reasons why nothing can be said of a token.
const (
	reasonHidden = "the CMS does not show the secret of such a token, so it cannot be compared with leaked strings"
	reasonUnseen = "the CMS did not show the secret of the token to the scan, so it could not be compared with leaked strings"
	reasonSuffix = "the CMS shows only the last characters of the secret, and no leaked string of its form ends with them"
)

// Of says whether the secret of a token is among the strings. A live token has to have
// been read before.
func (l *Leaks) Of(t *inventory.Token) *inventory.Exposure {
	l.secrets.mu.Lock()
	hashes := slices.Clone(l.secrets.hashes[t.ID])
	l.secrets.mu.Unlock()
	var e inventory.Exposure
	for _, d := range hashes {
		e.Found = append(e.Found, l.matches(d, inventory.MatchExact)...)
	}
	shown := false
	for _, s := range l.suffixes {
		d := &digest{}
		if s.CMS == t.CMS && s.Kind == t.Kind && len(t.Secret.Hint) == s.Shown && l.secrets.sumSuffix(d, s, []byte(t.Secret.Hint)) {
			shown = true
			e.Found = append(e.Found, l.matches(d, inventory.MatchSuffix)...)
		}
	}
	switch {
	case len(e.Found) > 0:
		e.State = inventory.ExposureFound
		if n := len(e.Found); n > maxPlaces {
			e.Found, e.Reason = e.Found[:maxPlaces], fmt.Sprintf("%d of %d places are named", maxPlaces, n)
		}
	case len(hashes) > 0:
		e.State = inventory.ExposureNone
	case shown:
		e.State, e.Reason = inventory.ExposureUnknown, reasonSuffix
	case t.Secret.Readable == inventory.No:
		e.State, e.Reason = inventory.ExposureUnknown, reasonHidden
	default:
		e.State, e.Reason = inventory.ExposureUnknown, reasonUnseen
	}
	return &e
}

// matches are the places of a hash, in the order of the reports.
func (l *Leaks) matches(d *digest, match inventory.LeakMatch) []inventory.Leak {
	var leaks []inventory.Leak
	for _, place := range l.found[*d] {
		leak := l.places[place]
		leak.Match = match
		leaks = append(leaks, leak)
	}
	return leaks
}

// Apply states the exposure of every token of a source that is live. One that the source
// itself told, as a program of the user's may, is kept.
func (l *Leaks) Apply(s *inventory.Source) {
	for i := range s.Tokens {
		if t := &s.Tokens[i]; t.Exposure == nil && t.Planned == "" {
			t.Exposure = l.Of(t)
			t.Exposure.Sort()
		}
	}
}
