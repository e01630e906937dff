package builtin

import (
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tokenaudit/tokenaudit/collectors"
	"github.com/tokenaudit/tokenaudit/collectors/cmsapi"
	"github.com/tokenaudit/tokenaudit/collectors/emulator"
	"github.com/tokenaudit/tokenaudit/collectors/emulator/demo"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// inMemory is a network whose hosts are handlers.
type inMemory map[string]http.Handler

func (m inMemory) RoundTrip(r *http.Request) (*http.Response, error) {
	answer := httptest.NewRecorder()
	r = r.Clone(r.Context())
	r.Body = http.NoBody
	r.Header.Del("Accept-Encoding")
	m[r.URL.Host].ServeHTTP(answer, r)
	return answer.Result(), nil
}

// domainUse is what one rate-limit domain has seen.
type domainUse struct {
	requests, limited int
	last              time.Duration
}

// The published limits, 40 ms of latency, fake time: every domain is as fast as
// its limit allows, no request is answered by 429, and the run takes as long as
// its slowest domain.
func TestCollectionIsAsFastAsTheLimitsAllow(t *testing.T) {
	t.Parallel()
	for _, fixed := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			time.Sleep(time.Until(time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)))
			company := demo.Generate(demo.Size{Spaces: 40, KeysPerSpace: 3, PersonalTokens: 600, Stacks: 60, TokensPerStack: 4, Projects: 10, TokensPerProject: 4},
				time.Now(), emulator.Options{Clock: time.Now, Latency: 40 * time.Millisecond, FixedWindows: fixed})
			began := time.Now()
			uses, result := collectCompany(t, company)
			took := time.Since(began)
			if result.Incomplete > 0 || result.Sources != 40+1+60+10 {
				t.Errorf("%d sources, %d incomplete", result.Sources, result.Incomplete)
			}
			var slowest time.Duration
			for domain, use := range uses {
				slowest = max(slowest, use.last)
				granted := map[string]float64{"contentful": 7, "contentstack": 10, "datocms": 20}[domain.cms]
				bound := float64(use.requests) / granted
				if ratio := use.last.Seconds() / bound; use.limited > 0 || ratio > 1.10 && use.requests > 20 {
					t.Errorf("%s: %d requests, %d answers of 429, %.3f times the bound of %.1f s", domain.name, use.requests, use.limited, ratio, bound)
				}
			}
			if took > slowest+slowest/20 {
				t.Errorf("the run took %v, its slowest domain %v", took, slowest)
			}
		})
	}
}

type domainName struct{ cms, name string }

// domainUses notes what each domain sees. It is a session's observer.
type domainUses struct {
	began time.Time
	mu    sync.Mutex
	of    map[domainName]domainUse
}

func (u *domainUses) observe(e cmsapi.Event) {
	if !e.Attempt() {
		return
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	use := u.of[domainName{e.CMS, e.Domain}]
	use.requests++
	use.last = time.Since(u.began)
	if e.Status == http.StatusTooManyRequests {
		use.limited++
	}
	u.of[domainName{e.CMS, e.Domain}] = use
}

func collectCompany(t *testing.T, company *demo.Company) (map[domainName]domainUse, collectors.Result) {
	t.Helper()
	uses := domainUses{began: time.Now(), of: map[domainName]domainUse{}}
	session, err := cmsapi.NewSession(cmsapi.Options{
		Transport: inMemory{"127.0.0.1:1": company.Contentful, "127.0.0.1:2": company.Contentstack, "127.0.0.1:3": company.DatoCMS},
		Observe:   uses.observe,
	})
	if err != nil {
		t.Fatal(err)
	}
	registry, err := Registry()
	if err != nil {
		t.Fatal(err)
	}
	result, err := collectors.Collect(t.Context(), collectors.Options{
		Registry: registry, Run: collectors.Run{API: session, Now: time.Now},
		Entries: entriesOf(company, []string{"http://127.0.0.1:1", "http://127.0.0.1:2", "http://127.0.0.1:3"}),
	}, func(inventory.Source) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	return uses.of, result
}

// entriesOf returns the entries that read a company, whose emulators are at urls.
func entriesOf(company *demo.Company, urls []string) []collectors.Entry {
	var projects []map[string]any
	for _, p := range company.DatoCMSProjects {
		projects = append(projects, map[string]any{"name": p.Name, "token": cmsapi.NewSecret(p.Token)})
	}
	entries := []collectors.Entry{
		{CMS: "contentful", Values: map[string]any{
			"organization": company.ContentfulOrganization, "token": cmsapi.NewSecret(company.ContentfulToken)}},
		{CMS: "contentstack", Values: map[string]any{
			"organization": company.ContentstackOrganization, "authtoken": cmsapi.NewSecret(company.ContentstackAuthtoken)}},
		{CMS: "datocms", Values: map[string]any{"projects": projects}},
	}
	for i := range entries {
		entries[i].BaseURL = urls[i]
	}
	return entries
}
