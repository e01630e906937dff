package store

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/store/observation"
	"github.com/tokenaudit/tokenaudit/collectors/history"
)

// MemorySchema names the version of a memory.
const MemorySchema = "tokenaudit/memory/v1"

// Memory is what a store knew before a run, as far as its report rests on it.
type Memory struct {
	Schema string `json:"schema"`
	// Past are earlier readings of the sources.
	Past []history.Reading `json:"past"`
	// Known are earlier findings; nil where the report is not compared with any.
	Known *Known `json:"known,omitempty"`
}

// Encode returns the memory as JSON. The same memory makes the same bytes.
func (m *Memory) Encode() ([]byte, error) {
	of := *m
	of.Schema = MemorySchema
	text, err := json.Marshal(of)
	if err != nil {
		return nil, fmt.Errorf("write what the store knew: %w", err)
	}
	return append(text, '\n'), nil
}

// DecodeMemory reads what Encode returned.
func DecodeMemory(text []byte) (*Memory, error) {
	m := &Memory{}
	err := observation.Strictly(bytes.TrimSuffix(text, []byte("\n")), m)
	if err == nil && m.Schema != MemorySchema {
		err = fmt.Errorf("it does not say schema %s", MemorySchema)
	}
	if err != nil {
		return nil, fmt.Errorf("what a store knew: %w", err)
	}
	return m, nil
}
