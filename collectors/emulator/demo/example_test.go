package demo_test

import (
	"fmt"
	"time"

	"github.com/tokenaudit/tokenaudit/collectors/emulator"
	"github.com/tokenaudit/tokenaudit/collectors/emulator/demo"
)

// A company of any size serves benchmarks; the mark finds its secrets.
func ExampleGenerate() {
	size := demo.Size{Spaces: 100, KeysPerSpace: 5, PersonalTokens: 1500, Stacks: 200, TokensPerStack: 10, Projects: 60, TokensPerProject: 10}
	company := demo.Generate(size, time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC), emulator.Options{Latency: 40 * time.Millisecond})
	fmt.Println(len(company.DatoCMSProjects), emulator.ContainsSecret([]byte(company.ContentfulToken)))
	// Output: 60 true
}
