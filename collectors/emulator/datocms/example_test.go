package datocms_test

import (
	"context"
	"fmt"
	"net/http"

	"github.com/tokenaudit/tokenaudit/collectors/emulator"
	"github.com/tokenaudit/tokenaudit/collectors/emulator/datocms"
)

// A test fills an emulator, serves it on loopback, and breaks one of its routes.
func Example() {
	cms := datocms.New(datocms.State{Projects: []*datocms.Project{{
		ID: "77", Name: "Blog",
		Environments: []*datocms.Environment{{ID: "main", Primary: true}},
		Roles:        []*datocms.Role{datocms.Admin("30", "main")},
		Tokens: []*datocms.Token{{
			ID: "312", Name: "migrations", Role: "30", CMA: true,
			Secret: emulator.Secret(datocms.TokenForm(), "312"),
		}},
	}}}, datocms.Options{})

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
		request.Header.Set("Authorization", "Bearer "+emulator.Secret(datocms.TokenForm(), "312"))
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
	err = cms.Inject(emulator.Fault{Route: "GET /roles", Times: 1, Act: datocms.Failure(http.StatusForbidden, "INSUFFICIENT_PERMISSIONS")})
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
