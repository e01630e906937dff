package strapi

import (
	"context"
	"fmt"
	"net/http"
	"slices"

	"github.com/sourcegraph/conc/pool"

	"github.com/tokenaudit/tokenaudit/collectors/cmsapi"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// resource is one thing that has to be read of a server.
type resource struct {
	// unit is the name of its unit.
	unit, path string
	// kinds are the kinds of tokens it holds.
	kinds []inventory.Kind
	// action is what a credential needs for it.
	action string
	// settings is the page of the admin panel, segment what the IDs of its tokens hold.
	settings, segment string
}

var (
	listMe  = resource{unit: "auditor", path: "/admin/users/me"}
	listAPI = resource{
		unit: "api_tokens", path: "/admin/api-tokens", action: "admin::api-tokens.read",
		kinds:    []inventory.Kind{inventory.Delivery, inventory.Management},
		settings: "api-tokens", segment: "api_tokens",
	}
	listAdmin = resource{
		unit: "admin_tokens", path: "/admin/admin-tokens", action: "admin::admin-tokens.read",
		kinds:    []inventory.Kind{inventory.Management},
		settings: "admin-tokens", segment: "admin_tokens",
	}
	listTransfer = resource{
		unit: "transfer_tokens", path: "/admin/transfer/tokens", action: "admin::transfer.tokens.read",
		kinds:    []inventory.Kind{inventory.Management},
		settings: "transfer-tokens", segment: "transfer_tokens",
	}
)

// answers are what was read of a server. The errors are nil for what was read.
type answers struct {
	me                   document[person]
	api, admin, transfer listing[token]
	meErr                error
	apiErr, adminErr     error
	transferErr          error
}

// read asks for everything at once but the lists skip: none of it needs another.
func (c *collector) read(ctx context.Context, skip []string) answers {
	var a answers
	workers := pool.New().WithMaxGoroutines(burst)
	ask := func(l resource, out any, err *error) {
		if !slices.Contains(skip, l.unit) {
			workers.Go(func() { *err = c.get(ctx, l, out) })
		}
	}
	ask(listMe, &a.me, &a.meErr)
	ask(listAPI, &a.api, &a.apiErr)
	ask(listAdmin, &a.admin, &a.adminErr)
	ask(listTransfer, &a.transfer, &a.transferErr)
	workers.Wait()
	return a
}

func (c *collector) get(ctx context.Context, l resource, out any) error {
	if _, err := c.Client.Get(ctx, cmsapi.Request{Path: l.path, Secrets: l.secrets(c.Source().ID)}, out); err != nil {
		return explain(l, err)
	}
	return nil
}

// explain adds to an error what to grant, or what of the server is off.
func explain(l resource, err error) *cmsapi.Error {
	e := *cmsapi.AsError(err)
	switch {
	case e.Hint != "":
	case e.Class == inventory.ErrUnauthorized:
		e.Hint = hintCredential
	case e.Class == inventory.ErrPermissionDenied && l.action != "":
		e.Hint = fmt.Sprintf("Give the admin token the permission %s (Settings > Admin tokens).", l.action)
	case e.Class == inventory.ErrPermissionDenied:
		e.Hint = "Use an admin token that was created by a super admin: `tokenaudit doctor` prints how."
	case l.unit == listTransfer.unit && e.Status == http.StatusNotFound:
		e.Message = "data transfer is switched off, or not part of this server"
		e.Hint = "Where server.transfer.remote.enabled is false Strapi hides the transfer tokens. They work again as soon as it is true: delete them first, or accept the gap."
	case l.unit == listTransfer.unit && e.Status == http.StatusNotImplemented:
		e.Message = "the server has no salt for transfer tokens"
		e.Hint = "Set transfer.token.salt in config/admin.js, or accept the gap: without it no transfer token works."
	case e.Status == http.StatusNotFound:
		e.Hint = "Check base_url: it must point to a Strapi 5 server whose admin API is at /admin."
	}
	return &e
}

// collect makes a source of what was read, without the lists skip.
func (c *collector) collect(source inventory.Source, a answers, skip []string) inventory.Source {
	who, meErr := identify(a)
	s := server{source: source, who: who, cms: c.Server}
	var units []inventory.Unit
	add := func(l resource, list listing[token], err error, build func(token) inventory.Token) {
		if slices.Contains(skip, l.unit) {
			return
		}
		tokens, unit := s.read(l, list, err, build)
		if l.unit == listAdmin.unit {
			c.judgeAdminList(&unit, a, who)
		}
		source.Tokens = append(source.Tokens, tokens...)
		units = append(units, unit)
	}
	add(listAPI, a.api, a.apiErr, s.contentToken)
	add(listAdmin, a.admin, a.adminErr, s.adminToken)
	add(listTransfer, a.transfer, a.transferErr, s.transferToken)
	units = append(units, s.unit(listMe, false, meErr))
	source.Units = units
	source.Auditor = c.auditor(source.ID, a, who)
	return source
}

const hintFiltered = "Check that no proxy responds in place of the server, and that base_url points to the server that made the token."

// judgeAdminList finishes the unit of the admin tokens. Strapi gives whoever is
// no super admin their own ones only, and does not say so. The scan's own is among
// them in any case.
func (c *collector) judgeAdminList(u *inventory.Unit, a answers, who caller) {
	kinds, some, err := listAdmin.kinds, len(a.admin.Data.Items) > 0, a.adminErr
	mayBeOwn := func(t token) bool {
		id, told := t.AdminUserOwner.Value.ID.Get()
		return !told || string(id) == who.id
	}
	switch {
	case err != nil && cmsapi.AsError(err).Status == http.StatusNotFound && c.session:
		// A person's login works on servers that know no admin tokens.
		*u = inventory.CompleteUnit(listAdmin.unit, kinds...)
		u.Detail = "the server has no endpoint for admin tokens: it is older than they are, or has them switched off"
	case err != nil && cmsapi.AsError(err).Status == http.StatusNotFound:
		u.Detail = "GET " + c.Asked(listAdmin.path) + ": 404 the endpoint for admin tokens is missing, although the credential of the scan seems to be one"
		u.Hint = "Check that nothing between here and the server filters paths. A server that is older than admin tokens has none: accept the gap there."
	case u.Status != inventory.UnitComplete:
	case who.superAdmin == inventory.Yes && !c.session && !slices.ContainsFunc(a.admin.Data.Items, mayBeOwn):
		*u = c.Unit(listAdmin.unit, listAdmin.path, kinds, some, &cmsapi.Error{
			Class: inventory.ErrTruncated, Hint: hintFiltered,
			Message: "the list lacks the scan's own admin token, so it is incomplete",
		})
	case who.superAdmin == inventory.Yes:
	default:
		const why = "Strapi shows the admin tokens of all people to super admins only, and "
		const hint = "Make the admin token of the scan as a super admin: `tokenaudit doctor` prints how."
		e := &cmsapi.Error{Class: inventory.ErrPermissionDenied, Message: why + "the credential of the scan belongs to none", Hint: hint}
		switch {
		case who.superAdmin == inventory.Unknown:
			e.Class, e.Message = who.class, why+"whether the credential of the scan belongs to one is not known: "+who.reason
		case c.session && !some: // an admin token would be in it
			e = cmsapi.DoubtedEmpty(e.Message, hint)
		}
		*u = cmsapi.UnitOf(listAdmin.unit, kinds, some, e)
	}
}
