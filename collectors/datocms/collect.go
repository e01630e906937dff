package datocms

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"slices"

	"github.com/sourcegraph/conc/pool"

	"github.com/tokenaudit/tokenaudit/collectors/cmsapi"
	"github.com/tokenaudit/tokenaudit/collectors/exposure"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// resource is one thing that has to be read of a project.
type resource struct {
	// unit is the name of its unit.
	unit  string
	path  string
	query url.Values
	// kinds are the kinds of tokens it holds.
	kinds []inventory.Kind
	// hint says what to grant to a role that may not read it.
	hint string
}

var (
	listSite = resource{
		unit: "site", path: "/site",
		hint: "The role of the API token may not read the project itself. Give it a role of this project with access to the Content Management API.",
	}
	listTokens = resource{
		unit: "access_tokens", path: "/access_tokens",
		kinds: []inventory.Kind{inventory.Delivery, inventory.Preview, inventory.Management},
		hint:  "Give the role of the API token the permission to manage API tokens (can_manage_access_tokens), in Project Settings > Roles.",
	}
	listRoles = resource{
		unit: "roles", path: "/roles",
		hint: "Give the role of the API token the permission to manage users and roles (can_manage_users), in Project Settings > Roles.",
	}
	listEnvironments = resource{
		unit: "environments", path: "/environments",
		hint: "Give the role of the API token access to environments, in Project Settings > Roles.",
	}
	listAuditor = resource{
		unit: "auditor", path: "/users/me", query: url.Values{"include": {"role"}},
		hint: "Use an API token of the project, not the login of a person.",
	}
)

// explain adds to an error what to grant.
func explain(l resource, err error) *cmsapi.Error {
	e := *cmsapi.AsError(err)
	switch {
	case e.Hint != "":
	case e.Class == inventory.ErrPermissionDenied:
		e.Hint = l.hint
	case e.Class == inventory.ErrUnauthorized:
		e.Hint = hintCredential
	}
	return &e
}

// answers are what was read of a project. The errors are nil for what was read.
type answers struct {
	tokens       listing[accessToken]
	roles        listing[role]
	environments listing[environment]
	me           identity

	tokensErr, rolesErr, environmentsErr, meErr error
}

// read asks for all lists at once: none of them needs another.
func (p configured) read(ctx context.Context, sourceID string) answers {
	var a answers
	workers := pool.New().WithMaxGoroutines(4)
	workers.Go(func() {
		err := p.get(ctx, listTokens, &a.tokens, tokenSecrets(sourceID)...)
		a.tokensErr = a.tokens.whole("API tokens", err)
	})
	workers.Go(func() {
		err := p.get(ctx, listRoles, &a.roles)
		a.rolesErr = a.roles.whole("roles", err)
	})
	workers.Go(func() {
		err := p.get(ctx, listEnvironments, &a.environments)
		a.environmentsErr = a.environments.whole("environments", err)
	})
	workers.Go(func() { a.meErr = p.get(ctx, listAuditor, &a.me) })
	workers.Wait()
	return a
}

func (p configured) get(ctx context.Context, l resource, out any, secrets ...exposure.Layout) error {
	if _, err := p.client.Get(ctx, cmsapi.Request{Path: l.path, Query: l.query, Secrets: secrets}, out); err != nil {
		return explain(l, err)
	}
	return nil
}

// Collect implements collectors.Collector.
func (c *collector) Collect(ctx context.Context, source inventory.Source) (inventory.Source, error) {
	source.CollectedAt = c.run.Now().UTC()
	c.mu.Lock()
	found, ok := c.found[source.ID]
	c.mu.Unlock()
	if !ok {
		return source, fmt.Errorf("%s is not a source of this entry", source.ID)
	}
	if found.err != nil {
		source = unidentified(source, found)
	} else {
		source = collect(source, found, found.read(ctx, source.ID))
	}
	source.Normalise()
	return source, ctx.Err()
}

// unidentified is a project whose id is not known: nothing of it is read. The
// lists that only support the tokens are not named, the gap is large enough.
func unidentified(source inventory.Source, found foundProject) inventory.Source {
	source.Units = []inventory.Unit{
		unit(listSite, false, found.err),
		inventory.FailedUnit(listTokens.unit, found.err.Class,
			"not read, because the project could not be identified", found.err.Hint, listTokens.kinds...),
	}
	for i := range source.Units {
		source.Units[i].Sources = true
	}
	source.Auditor = unknownAuditor("the project could not be identified").describe()
	return source
}

// collect makes the source of the answers.
func collect(source inventory.Source, found foundProject, a answers) inventory.Source {
	p := project{source: source, domain: webDomain(found.site)}
	var rolesErr, environmentsErr *cmsapi.Error
	p.roles, rolesErr = newRoles(a.roles.Data, a.rolesErr)
	p.envs, environmentsErr = newEnvironments(a.environments.Data, a.environmentsErr)
	p.auditor, a.meErr = identify(source.ID, a, p)
	tokens, inPart := p.tokens(a.tokens.Data)
	tokensErr := cmp.Or(cmsapi.AsError(a.tokensErr), a.tokens.Data.Err("API tokens"), inPart, p.lacksOwn(tokens))
	source.Tokens = tokens
	source.Environments = p.envs.list
	source.Auditor = p.auditor.describe()
	source.Units = []inventory.Unit{
		unit(listSite, true, nil),
		unit(listTokens, len(tokens) > 0, tokensErr),
		unit(listRoles, len(p.roles.byID) > 0, rolesErr),
		unit(listEnvironments, len(p.envs.list) > 0, environmentsErr),
		unit(listAuditor, false, cmsapi.AsError(a.meErr)),
	}
	return source
}

// lacksOwn says that a list of tokens is not whole, which has to have that of the
// scan; nil if it has, or if the credential is another one or not known.
func (p project) lacksOwn(tokens []inventory.Token) *cmsapi.Error {
	own := p.auditor.token
	if own == "" || slices.ContainsFunc(tokens, func(t inventory.Token) bool { return t.ID == own }) {
		return nil
	}
	return &cmsapi.Error{Class: inventory.ErrTruncated, Hint: listTokens.hint,
		Message: "the list lacks the scan's own API token, so it is incomplete"}
}

// identify tells who the credential is.
func identify(sourceID string, a answers, p project) (auditor, error) {
	if a.meErr != nil {
		return unknownAuditor("DatoCMS does not say who the credential is: " + cmsapi.AsError(a.meErr).Message), a.meErr
	}
	who, reason := newAuditor(sourceID, a.me, p.roles, p.envs, a.tokens.Data)
	if reason != "" {
		return who, &cmsapi.Error{Class: inventory.ErrUnreadable, Message: reason}
	}
	return who, nil
}

// unit makes the unit of a list. A nil err is a list that was read whole.
func unit(l resource, some bool, err *cmsapi.Error) inventory.Unit {
	return cmsapi.UnitOf(l.unit, l.kinds, some, err.At(l.path))
}
