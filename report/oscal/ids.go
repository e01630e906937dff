package oscal

import (
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"strings"
	"unicode"

	"github.com/google/uuid"
)

// namespace is that of the properties and facets that OSCAL does not define.
const namespace = "https://github.com/tokenaudit/tokenaudit/ns/oscal"

var space = uuid.NewSHA1(uuid.NameSpaceURL, []byte(namespace))

// identify returns the UUID of what the words name, by RFC 9562 version 5: the same
// words always have the same one.
func identify(words ...string) string {
	return uuid.NewSHA1(space, []byte(strings.Join(words, "\x00"))).String()
}

// ofNIST are the ids of SP 800-53.
var ofNIST = regexp.MustCompile(`^([A-Z]{2})-([0-9]+)(?:\(([0-9]+)\))?$`)

// controlToken returns the id of a control as an OSCAL token, which begins with a letter
// and has but letters, digits, dots, hyphens and underscores. Those of SP 800-53 are the
// ids of NIST's own catalogue: ac-2.3 for AC-2(3). All others have their framework
// before them, as 5.3 may mean several: cis-v8-5.3.
func controlToken(framework, id string) string {
	if m := ofNIST.FindStringSubmatch(id); m != nil && framework == "nist-800-53" {
		token := strings.ToLower(m[1]) + "-" + m[2]
		if m[3] != "" {
			token += "." + m[3]
		}
		return token
	}
	return tokenOf(framework + "-" + id)
}

// maxToken bounds a token, in characters.
const maxToken = 100

// tokenOf replaces what a token cannot hold by hyphens.
func tokenOf(text string) string {
	var b strings.Builder
	for i, r := range []rune(text) {
		switch {
		case i == maxToken:
			return b.String() + "-" + shortHash(text)
		case unicode.IsLetter(r), r == '_', i > 0 && (unicode.IsNumber(r) || r == '.' || r == '-'):
			b.WriteRune(r)
		case i == 0:
			b.WriteByte('_')
		default:
			b.WriteByte('-')
		}
	}
	if b.Len() == 0 {
		return "_"
	}
	return b.String()
}

func shortHash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:4])
}

// tokens are those of the controls of a document: no two controls share one.
type tokens map[string]string

// of returns the token of a control.
func (t tokens) of(framework, id string) string {
	token := controlToken(framework, id)
	if other, taken := t[token]; taken && other != framework+"\x00"+id {
		token += "-" + shortHash(framework+"\x00"+id)
	}
	t[token] = framework + "\x00" + id
	return token
}
