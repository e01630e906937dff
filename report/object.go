package report

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// Object is a JSON object as text, with sorted keys and no white space; nil for
// an empty one. A report may hold a million of them, and as maps they would be
// half of it.
type Object []byte

// newObject encodes what came from JSON, or goes there, so that it can be encoded.
func newObject(members map[string]any) Object {
	if len(members) == 0 {
		return nil
	}
	text, _ := json.Marshal(members)
	return text
}

// MarshalJSON returns the text.
func (o Object) MarshalJSON() ([]byte, error) {
	if len(o) == 0 {
		return []byte("{}"), nil
	}
	return o, nil
}

// UnmarshalJSON takes any text of an object.
func (o *Object) UnmarshalJSON(text []byte) error {
	var members map[string]any
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	if err := decoder.Decode(&members); err != nil {
		return fmt.Errorf("read an object: %w", err)
	}
	*o = newObject(members)
	return nil
}
