package conformance

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"

	"github.com/tokenaudit/tokenaudit/collectors"
	"github.com/tokenaudit/tokenaudit/collectors/cmsapi"
	"github.com/tokenaudit/tokenaudit/collectors/instance"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

const plantedSecret = "s3cret-delivery-token"

// paperCMS is a CMS with three spaces of three keys each, in pages.
func paperCMS() http.Handler {
	mux := http.NewServeMux()
	page := func(w http.ResponseWriter, r *http.Request, items []any) {
		skip, _ := strconv.Atoi(r.URL.Query().Get("skip"))
		limit, err := strconv.Atoi(r.URL.Query().Get("limit"))
		if err != nil || limit > 100 {
			limit = 100
		}
		from := min(skip, len(items))
		write(w, map[string]any{"total": len(items), "skip": skip, "limit": limit, "items": items[from:min(from+limit, len(items))]})
	}
	mux.HandleFunc("GET /spaces", func(w http.ResponseWriter, r *http.Request) {
		var all []any
		for _, id := range []string{"one", "two", "three"} {
			all = append(all, map[string]any{"id": id, "name": "Space " + id})
		}
		page(w, r, all)
	})
	mux.HandleFunc("GET /spaces/{space}/keys", func(w http.ResponseWriter, r *http.Request) {
		var all []any
		for i := range 3 {
			all = append(all, map[string]any{"id": fmt.Sprint("k", i), "name": "Key", "secret": plantedSecret,
				"expiresAt": []any{"2027-01-01T00:00:00Z", nil}[i%2], "createdAt": "2026-01-01T00:00:00Z", "scope": []any{"write", "read"}[i%2]})
		}
		page(w, r, all)
	})
	mux.HandleFunc("GET /spaces/{space}/environments", func(w http.ResponseWriter, _ *http.Request) {
		write(w, map[string]any{"environments": []any{map[string]any{"id": "master"}, map[string]any{"id": "stage"}}})
	})
	return mux
}

func write(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
}

// mistake is one that the suite must find.
type mistake string

const (
	none             mistake = ""
	swallowsErrors   mistake = "a failed list looks empty"
	trustsTypes      mistake = "a wrong type costs the whole list"
	guessesExpiry    mistake = "an expiry that cannot be read means never"
	guessesScope     mistake = "a scope that cannot be read means read"
	ignoresTotal     mistake = "only the first page is read"
	panics           mistake = "an unknown scope panics"
	keepsSecrets     mistake = "the secret is kept"
	ignoresDiscovery mistake = "spaces that cannot be listed vanish"
	inventsIDs       mistake = "a key without an id gets one"
	namesTheWrong    mistake = "the wrong unit is marked"
	spreads          mistake = "a failure of one space marks all"
	forgetsFolder    mistake = "an error names a path without the folder"
	asksTheRoot      mistake = "the folder is not heeded"
	pastesIDs        mistake = "an id becomes part of a path as it is"
	forgetsTwins     mistake = "of two keys with one id one vanishes"
	writesYears      mistake = "a year that no document can hold"
	praises          mistake = "doctor finds nothing wrong with a list that is refused"
	believesTheEnd   mistake = "a list that was cut counts as whole"
	believesTotals   mistake = "a total that means nothing counts as none"
)

type paper struct {
	client  *cmsapi.Client
	mistake mistake
	failed  *bool
}

type paperSpace struct {
	ID   cmsapi.Field[string] `json:"id"`
	Name cmsapi.Field[string] `json:"name"`
}

type paperKey struct {
	ID        cmsapi.Field[string]        `json:"id"`
	Name      cmsapi.Field[string]        `json:"name"`
	Scope     cmsapi.Field[string]        `json:"scope"`
	ExpiresAt cmsapi.Field[cmsapi.Moment] `json:"expiresAt"`
	CreatedAt cmsapi.Field[cmsapi.Moment] `json:"createdAt"`
	Secret    string                      `json:"-"`
}

func (paperKey) Weight() int { return cmsapi.TokenWeight }

type paperList[T any] struct {
	Items cmsapi.List[T]               `json:"items"`
	Total cmsapi.Field[cmsapi.Integer] `json:"total"`
	Limit cmsapi.Field[cmsapi.Integer] `json:"limit"`
}

func list[T any](ctx context.Context, c *cmsapi.Client, m mistake, name, path string, id func(T) string) cmsapi.Listing[T] {
	l := cmsapi.ReadPages(ctx, cmsapi.Paging[T]{Name: name, Limit: 100, Key: id, Fetch: func(ctx context.Context, skip int) (cmsapi.Page[T], error) {
		var p cmsapi.Field[paperList[T]]
		if _, err := c.Get(ctx, cmsapi.Request{Path: path, Query: cmsapi.Offset(skip, 100)}, &p); err != nil {
			return cmsapi.Page[T]{}, err
		}
		page, err := cmsapi.PageOf(name, p.Value.Items, p.Value.Total, p.Value.Limit)
		if p.Value.Total.Missing() {
			page.Uncounted = p.Value.Total.Reason("total")
		}
		if m == believesTotals {
			page.Uncounted = ""
		}
		return page, err
	}})
	var kept []T
	for _, item := range l.Items {
		if id(item) != "" {
			kept = append(kept, item)
		} else if l.Err == nil {
			l.Err = &cmsapi.Error{Class: inventory.ErrUnreadable, Message: "an item has no id"}
		}
	}
	l.Items = kept
	return l
}

func (p paper) Discover(ctx context.Context) ([]inventory.Source, error) {
	if p.mistake == spreads {
		_, err := p.client.Get(ctx, cmsapi.Request{Path: "/spaces/one/keys"}, nil)
		*p.failed = err != nil
	}
	l := list(ctx, p.client, p.mistake, "spaces", "/spaces", func(s paperSpace) string { return s.ID.Value })
	var all []inventory.Source
	for _, s := range l.Items {
		all = append(all, inventory.Source{ID: "paper/spaces/" + s.ID.Value, CMS: "paper", Kind: inventory.KindSpace, Name: s.Name.Value, Host: p.client.Host()})
	}
	if l.Err == nil || p.mistake == ignoresDiscovery {
		return all, nil
	}
	organization := inventory.Source{ID: "paper/organizations/o", CMS: "paper", Kind: inventory.KindOrganization, Name: "o"}
	return all, &collectors.DiscoveryError{Source: organization, Unit: l.Unit("spaces", inventory.Delivery), Err: l.Err}
}

func (p paper) Collect(ctx context.Context, s inventory.Source) (inventory.Source, error) {
	space := s.ID[len("paper/spaces/"):]
	var keys cmsapi.Listing[paperKey]
	switch p.mistake {
	case trustsTypes:
		keys = strictKeys(ctx, p.client, space)
	case ignoresTotal:
		var first paperList[paperKey]
		_, err := p.client.Get(ctx, cmsapi.Request{Path: cmsapi.Path("/spaces/{}/keys", space), Query: cmsapi.Offset(0, 100)}, &first)
		keys.Items, keys.Err = first.Items.Items, cmsapi.AsError(err)
	case pastesIDs:
		keys = list(ctx, p.client, p.mistake, "keys", "/spaces/"+space+"/keys", p.id)
	default:
		keys = list(ctx, p.client, p.mistake, "keys", cmsapi.Path("/spaces/{}/keys", space), p.id)
	}
	if slices.Contains([]mistake{swallowsErrors, forgetsTwins, believesTheEnd}, p.mistake) {
		keys.Err = nil
	}
	if p.mistake == forgetsFolder {
		keys.Err = keys.Err.At(cmsapi.Path("/spaces/{}/keys", space))
	}
	if p.mistake == spreads && *p.failed {
		keys.Err = &cmsapi.Error{Class: inventory.ErrUnavailable, Message: "spread"}
	}
	s.Units = append(s.Units, keys.Unit(map[bool]string{true: "lists", false: "keys"}[p.mistake == namesTheWrong], inventory.Delivery))
	var environments struct {
		Environments cmsapi.List[struct {
			ID cmsapi.Field[string] `json:"id"`
		}] `json:"environments"`
	}
	_, err := p.client.Get(ctx, cmsapi.Request{Path: cmsapi.Path("/spaces/{}/environments", space)}, &environments)
	if e := environments.Environments.Err("environments"); err == nil && e != nil {
		err = e
	}
	scope := inventory.UnknownScope("the environments could not be read")
	if err == nil {
		var items []inventory.ScopeItem
		for _, e := range environments.Environments.Items {
			if e.ID.Value == "" {
				err = &cmsapi.Error{Class: inventory.ErrUnreadable, Message: e.ID.Reason("id")}
			}
			items = append(items, inventory.ScopeItem{ID: e.ID.Value, Primary: inventory.Unknown, Exists: inventory.Yes})
		}
		if err == nil {
			scope = inventory.AllScope(items...)
		}
	}
	s.Units = append(s.Units, cmsapi.UnitOf("environments", nil, false, err))
	for _, k := range keys.Items {
		s.Tokens = append(s.Tokens, p.token(s, k, scope))
	}
	return s, nil
}

// Probe asks for the keys of each space.
func (p paper) Probe(ctx context.Context) []collectors.Check {
	var checks []collectors.Check
	for _, space := range []string{"one", "two", "three"} {
		keys := list(ctx, p.client, p.mistake, "keys", cmsapi.Path("/spaces/{}/keys", space), p.id)
		check := collectors.Check{Name: "keys of " + space, Status: collectors.CheckOK}
		if keys.Err != nil && p.mistake != praises {
			check.Status, check.Class, check.Detail, check.Hint = collectors.CheckFailed, keys.Err.Class, keys.Err.Error(), keys.Err.Hint
		}
		checks = append(checks, check)
	}
	return checks
}

func (p paper) id(k paperKey) string {
	if p.mistake == inventsIDs {
		return k.ID.Or("unnamed")
	}
	return k.ID.Value
}

func strictKeys(ctx context.Context, c *cmsapi.Client, space string) cmsapi.Listing[paperKey] {
	var strict struct {
		Items []struct {
			ID, Name, Scope, CreatedAt string
			ExpiresAt                  *string
		} `json:"items"`
	}
	if _, err := c.Get(ctx, cmsapi.Request{Path: cmsapi.Path("/spaces/{}/keys", space), Query: cmsapi.Offset(0, 100)}, &strict); err != nil {
		return cmsapi.Listing[paperKey]{}
	}
	var l cmsapi.Listing[paperKey]
	for _, k := range strict.Items {
		created, _ := cmsapi.ParseMoment(k.CreatedAt)
		key := paperKey{ID: cmsapi.Given(k.ID), Name: cmsapi.Given(k.Name), Scope: cmsapi.Given(k.Scope), CreatedAt: cmsapi.Given(created), ExpiresAt: cmsapi.Field[cmsapi.Moment]{State: cmsapi.FieldNull}}
		if k.ExpiresAt != nil {
			at, _ := cmsapi.ParseMoment(*k.ExpiresAt)
			key.ExpiresAt = cmsapi.Given(at)
		}
		l.Items = append(l.Items, key)
	}
	return l
}

func (p paper) token(s inventory.Source, k paperKey, environments inventory.Scope) inventory.Token {
	id := p.id(k)
	t := inventory.Token{
		ID: s.ID + "/keys/" + id, Ref: id, CMS: "paper", Source: s.ID, Name: k.Name.Value, Kind: inventory.Delivery,
		APIs: []inventory.API{inventory.ContentDelivery}, Environments: environments,
		CreatedAt: cmsapi.Timestamp("createdAt", k.CreatedAt, false), UpdatedAt: inventory.None(), RevokedAt: inventory.None(),
		LastUsed: inventory.UnknownUse("the CMS does not tell"),
		Traits:   inventory.Traits{Factory: inventory.No, NotifiesBeforeExpiry: inventory.No},
		Owner:    inventory.Owner{Type: inventory.OwnerNone, State: inventory.OwnerActive, Level: inventory.LevelNone, LastActive: inventory.None()},
		Secret:   inventory.Secret{Readable: inventory.Yes},
	}
	if p.mistake == keepsSecrets {
		t.Description = plantedSecret
	}
	switch scope, ok := k.Scope.Get(); {
	case ok && scope == "read", !ok && p.mistake == guessesScope:
		t.Access = inventory.NewAccess(inventory.LevelRead, inventory.No)
	case ok && scope == "write":
		t.Access = inventory.NewAccess(inventory.LevelWrite, inventory.No)
	case p.mistake == panics:
		panic("an unknown scope")
	default:
		t.Access = inventory.AssumedAccess(k.Scope.Reason("scope"), inventory.No)
	}
	switch at, ok := k.ExpiresAt.Get(); {
	case ok && p.mistake == writesYears:
		t.Expiry = inventory.Expiry{State: inventory.ExpiryAt, At: at.Time.AddDate(1, 0, 0), Precision: inventory.PrecisionInstant, Supported: true}
	case ok:
		t.Expiry = inventory.ExpiresAt(at.Time, inventory.PrecisionInstant)
	case k.ExpiresAt.State == cmsapi.FieldNull, p.mistake == guessesExpiry:
		t.Expiry = inventory.NeverExpires(true)
	default:
		t.Expiry = inventory.UnknownExpiry(true, k.ExpiresAt.Reason("expiresAt"))
	}
	return t
}

// paperTarget is the target of a collector that makes a mistake, or none.
func paperTarget(m mistake) Target {
	facts := inventory.Facts{}
	for _, f := range inventory.AllFacts() {
		facts[f] = inventory.Reported()
	}
	paging := &Paging{Items: "items", Total: "total", Skip: "skip", Limit: "limit"}
	return Target{
		Definition: collectors.Definition{CMS: "paper", Title: "Paper", Facts: facts, LeastPrivilege: "None.", Options: instance.Options("paper"),
			New: func(e collectors.Entry, run collectors.Run) (collectors.Collector, error) {
				folder := e.String(instance.OptionFolder)
				if m == asksTheRoot {
					folder = ""
				}
				client, err := run.API.Client(cmsapi.Config{CMS: "paper", BaseURL: e.BaseURL, Folder: folder, Limit: cmsapi.Limit{Domain: "paper", Rate: 10},
					Authorize: func(h http.Header) { h.Set("Authorization", "Bearer s3cret-credential") },
					Classify: func(f cmsapi.Failure) *cmsapi.Error {
						if f.Status == 401 || f.Status == 403 {
							return &cmsapi.Error{Hint: "Grant the token read access."}
						}
						return nil
					}})
				return paper{client, m, new(bool)}, errors.Join(err)
			}},
		Handler: paperCMS,
		Entries: func(base string) []collectors.Entry {
			return []collectors.Entry{{CMS: "paper", Name: "paper", BaseURL: base, Origin: inventory.Origin{File: "tokenaudit.yaml", Line: 2}}}
		},
		Endpoints: []Endpoint{
			{Path: "/spaces", Unit: "spaces", Shared: true, Directory: true, Paging: paging},
			{Path: "/spaces/*/keys", Unit: "keys", Paging: paging, Nullable: []string{"items[].expiresAt"}},
			{Path: "/spaces/*/environments", Unit: "environments"},
		},
		LimitHeaders: http.Header{"Retry-After": {"2"}},
		Secrets:      []string{plantedSecret, "s3cret-credential"},
	}
}

func emptyCMS() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		write(w, map[string]any{"total": 0, "limit": 100, "items": []any{}})
	})
}
