package policies

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// Meets reports whether a value is as strict as needed. A value of another type is not.
func (n Need) Meets(value any) bool {
	if len(n.OneOf) > 0 {
		return slices.ContainsFunc(n.OneOf, func(strict any) bool { return reflect.DeepEqual(strict, value) })
	}
	have, ok := asNumber(value)
	return ok && (n.Max == nil || have <= *n.Max) && (n.Min == nil || have >= *n.Min)
}

// String returns "at most 90", "at least 14" or "one of fail, unknown".
func (n Need) String() string {
	number := func(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }
	switch {
	case n.Max != nil:
		return "at most " + number(*n.Max)
	case n.Min != nil:
		return "at least " + number(*n.Min)
	case len(n.OneOf) == 1:
		return ValueText(n.OneOf[0])
	}
	words := make([]string, len(n.OneOf))
	for i, value := range n.OneOf {
		words[i] = ValueText(value)
	}
	return "one of " + strings.Join(words, ", ")
}

// Needed is what a control needs of the parameter where it does not say so itself: a value
// that is not weaker than the default.
func (p Param) Needed() Need {
	bound, isNumber := asNumber(p.Default)
	switch {
	case p.Stricter == StricterLower && isNumber:
		return Need{Max: &bound}
	case p.Stricter == StricterHigher && isNumber:
		return Need{Min: &bound}
	case p.Stricter == StricterFirst:
		for i, value := range p.Enum {
			if reflect.DeepEqual(value, p.Default) {
				return Need{OneOf: p.Enum[:i+1]}
			}
		}
	}
	return Need{OneOf: []any{p.Default}}
}

// ValueText returns the value of a parameter as a text without quotes, else as JSON.
func ValueText(value any) string {
	if text, ok := value.(string); ok {
		return text
	}
	text, err := json.Marshal(value)
	if err != nil {
		return fmt.Sprint(value)
	}
	return string(text)
}

func asNumber(value any) (float64, bool) {
	switch n := value.(type) {
	case int:
		return float64(n), true
	case float64:
		return n, true
	}
	return 0, false
}
