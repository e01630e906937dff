package emulator_test

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/tokenaudit/tokenaudit/collectors/emulator"
)

// A test fills an emulator, serves it on loopback, and breaks one of its routes.
func Example() {
	cms := emulator.NewDatoCMS(emulator.DatoCMSState{Projects: []*emulator.DatoCMSProject{{
		ID: "77", Name: "Blog",
		Environments: []*emulator.DatoCMSEnvironment{{ID: "main", Primary: true}},
		Roles:        []*emulator.DatoCMSRole{emulator.DatoCMSAdmin("30", "main")},
		Tokens: []*emulator.DatoCMSToken{{
			ID: "312", Name: "migrations", Role: "30", CMA: true,
			Secret: emulator.Secret(emulator.DatoCMSTokenForm(), "312"),
		}},
	}}}, emulator.DatoCMSOptions{})

	server, err := emulator.Serve(context.Background(), cms)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer server.Close()

	get := func(path string) {
		request, err := http.NewRequestWithContext(context.Background(), http.MethodGet, server.URL()+path, nil)
		if err != nil {
			fmt.Println(err)
			return
		}
		request.Header.Set("Authorization", "Bearer "+emulator.Secret(emulator.DatoCMSTokenForm(), "312"))
		request.Header.Set("X-Api-Version", "3")
		request.Header.Set("Accept", "application/json")
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			fmt.Println(err)
			return
		}
		defer response.Body.Close()
		fmt.Printf("%s %s, left %q\n", path, response.Status, response.Header.Get("X-RateLimit-Remaining"))
	}
	get("/access_tokens")

	// The next request to /roles is refused, the one after that is not.
	err = cms.Inject(emulator.Fault{Route: "GET /roles", Times: 1, Act: emulator.DatoCMSFailure(http.StatusForbidden, "INSUFFICIENT_PERMISSIONS")})
	if err != nil {
		fmt.Println(err)
	}
	get("/roles")
	get("/roles")
	// Output:
	// /access_tokens 200 OK, left "59"
	// /roles 403 Forbidden, left ""
	// /roles 200 OK, left "58"
}

// A company of any size serves benchmarks; the mark finds its secrets.
func ExampleGenerate() {
	size := emulator.Size{Spaces: 100, KeysPerSpace: 5, PersonalTokens: 1500, Stacks: 200, TokensPerStack: 10, Projects: 60, TokensPerProject: 10}
	company := emulator.Generate(size, time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC), emulator.Options{Latency: 40 * time.Millisecond})
	fmt.Println(len(company.DatoCMSProjects), emulator.ContainsSecret([]byte(company.ContentfulToken)))
	// Output: 60 true
}
