package inventory

import _ "embed"

//go:embed schema.json
var schemaJSON string

// SchemaJSON is the JSON Schema of the inventory document, draft 2020-12.
// `#/$defs/token` and `#/$defs/source` describe the parts.
func SchemaJSON() []byte { return []byte(schemaJSON) }
