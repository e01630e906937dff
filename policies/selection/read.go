package selection

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/collectors/suggest"
	"github.com/tokenaudit/tokenaudit/policies/input"
)

var keys = []string{"kinds", "cms", "status", "write", "apis", "planned", "audit_credential"}

// Statuses lists every status, in the order of a token's life.
func Statuses() []input.TokenStatus {
	return []input.TokenStatus{input.Active, input.Expired, input.Revoked}
}

// Read returns the selection that METADATA declares, and what is wrong with it. Tokens
// are active unless it names a status. sources: the rule judges sources.
func Read(declared map[string]any, sources bool) (Selection, []string) {
	r := reader{declared: declared}
	for _, key := range slices.Sorted(maps.Keys(declared)) {
		if !slices.Contains(keys, key) {
			r.wrong(key, "is unknown%s", suggest.DidYouMean(key, keys))
		}
	}
	s := Selection{
		Kinds:   words(&r, "kinds", inventory.AllKinds()),
		CMS:     words[string](&r, "cms", nil),
		Status:  words(&r, "status", Statuses()),
		Write:   r.flag("write"),
		APIs:    words(&r, "apis", inventory.AllAPIs()),
		Planned: r.flag("planned"),
		Sources: sources,
	}
	if s.Status == nil {
		s.Status = []input.TokenStatus{input.Active}
	}
	if value, told := declared["audit_credential"]; told {
		s.SkipAuditCredential = value == "skip"
		if !s.SkipAuditCredential {
			r.wrong("audit_credential", "is %v; it must be skip", value)
		}
	}
	return s, r.problems
}

type reader struct {
	declared map[string]any
	problems []string
}

func (r *reader) wrong(key, format string, args ...any) {
	r.problems = append(r.problems, fmt.Sprintf("custom.select.%s "+format, append([]any{key}, args...)...))
}

func (r *reader) flag(key string) *bool {
	value, told := r.declared[key]
	if !told {
		return nil
	}
	yes, isFlag := value.(bool)
	if !isFlag {
		r.wrong(key, "is %v; it must be true or false", value)
	}
	return &yes
}

// words reads a list of words out of a vocabulary, or of any words if that is nil.
func words[T ~string](r *reader, key string, vocabulary []T) []T {
	value, told := r.declared[key]
	if !told {
		return nil
	}
	list, _ := value.([]any)
	if len(list) == 0 {
		r.wrong(key, "is %v; it must be a list of at least one string", value)
	}
	var read []T
	for _, item := range list {
		word, _ := item.(string)
		switch {
		case word == "":
			r.wrong(key, "has %v; it must contain strings only", item)
		case vocabulary != nil && !slices.Contains(vocabulary, T(word)):
			r.wrong(key, "has %s%s: expected %s", word, suggest.DidYouMean(word, texts(vocabulary)), strings.Join(texts(vocabulary), ", "))
		case slices.Contains(read, T(word)):
			r.wrong(key, "has %s twice", word)
		default:
			read = append(read, T(word))
		}
	}
	return read
}

func texts[T ~string](words []T) []string {
	list := make([]string, len(words))
	for i, word := range words {
		list[i] = string(word)
	}
	return list
}
