package inventory

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/tokenaudit/tokenaudit/collectors/redact"
)

// Normalise brings a source into the one form in which it is written, judged
// and compared: tokens and environments sorted by ID, times in UTC, no nil
// slices where a document has an array, no credential in the place of a name. Units keep their order, which is fixed
// per CMS. It changes the source and its tokens in place.
func (s *Source) Normalise() {
	s.Name = redact.Name(s.Name)
	s.CollectedAt = s.CollectedAt.UTC()
	s.NeverAfter = utc(s.NeverAfter)
	s.Units = orEmpty(s.Units)
	s.Tokens = orEmpty(s.Tokens)
	if s.Facts == nil {
		s.Facts = Facts{}
	}
	slices.SortStableFunc(s.Environments, func(a, b Environment) int { return cmp.Compare(a.ID, b.ID) })
	slices.SortStableFunc(s.Literals, func(a, b Literal) int {
		return cmp.Or(cmp.Compare(a.Address, b.Address), cmp.Compare(a.Attribute, b.Attribute))
	})
	for i := range s.Tokens {
		s.Tokens[i].Normalise()
	}
	s.SortTokens()
}

// SortTokens brings the tokens of a source into their order in a document.
func (s *Source) SortTokens() { slices.SortStableFunc(s.Tokens, CompareTokens) }

// CompareTokens orders the tokens of a source: negative where a comes first.
func CompareTokens(a, b Token) int {
	return cmp.Or(cmp.Compare(a.ID, b.ID), cmp.Compare(a.Planned, b.Planned))
}

// Head is a copy of what Normalise changes of a source, without its tokens.
func (s Source) Head() Source {
	s.Environments = slices.Clone(s.Environments)
	s.Literals = slices.Clone(s.Literals)
	s.Tokens = nil
	return s
}

// Normal is a copy of a token in its normal form.
func (t Token) Normal() Token {
	t.LastUsedByAPI = maps.Clone(t.LastUsedByAPI)
	t.Branches = copied(t.Branches)
	t.FirstSeen = copied(t.FirstSeen)
	t.Exposure = copied(t.Exposure)
	t.Normalise()
	return t
}

// Normalise does for a token what Source.Normalise does for a source.
func (t *Token) Normalise() {
	for _, text := range []*string{&t.Name, &t.Description, &t.Owner.Name} {
		*text = redact.Name(*text)
	}
	if t.Role != nil && redact.Known(t.Role.Name) {
		role := *t.Role
		role.Name = redact.Name(role.Name)
		t.Role = &role
	}
	t.APIs = SortAPIs(t.APIs)
	// A grant names things, such as a branch, by ids of the CMS's users.
	t.Access.Grants = slices.Clone(t.Access.Grants)
	for i := range t.Access.Grants {
		t.Access.Grants[i] = redact.Name(t.Access.Grants[i])
	}
	t.Access.Grants = sortedStrings(t.Access.Grants)
	t.Environments.normalise()
	if t.Branches != nil {
		t.Branches.normalise()
	}
	for _, stamp := range []*Timestamp{&t.CreatedAt, &t.UpdatedAt, &t.RevokedAt, &t.Owner.LastActive} {
		stamp.At = utc(stamp.At)
	}
	t.Expiry.At = utc(t.Expiry.At)
	if seen := t.FirstSeen; seen != nil {
		seen.NotBefore, seen.At = utc(seen.NotBefore), utc(seen.At)
	}
	if t.Exposure != nil {
		t.Exposure.Sort()
	}
	t.LastUsed.normalise()
	for api, use := range t.LastUsedByAPI {
		use.normalise()
		t.LastUsedByAPI[api] = use
	}
}

func (s *Scope) normalise() { s.Items = distinct(s.Items) }

func (u *LastUsed) normalise() {
	u.At, u.Earliest, u.Latest = utc(u.At), utc(u.Earliest), utc(u.Latest)
	u.Chain = slices.Clone(u.Chain)
	for i := range u.Chain {
		o := &u.Chain[i]
		o.CollectedAt, o.At, o.Earliest, o.Latest = utc(o.CollectedAt), utc(o.At), utc(o.Earliest), utc(o.Latest)
	}
}

// SortAPIs returns the distinct surfaces in the order delivery, preview,
// management. The result is never nil.
func SortAPIs(apis []API) []API {
	sorted := orEmpty(slices.Clone(apis))
	slices.SortFunc(sorted, func(a, b API) int { return cmp.Or(cmp.Compare(a.rank(), b.rank()), cmp.Compare(a, b)) })
	return slices.Compact(sorted)
}

func (a API) rank() int {
	switch a {
	case ContentDelivery:
		return 0
	case ContentPreview:
		return 1
	default:
		return 2
	}
}

func sortedStrings(in []string) []string {
	sorted := orEmpty(slices.Clone(in))
	slices.Sort(sorted)
	return slices.Compact(sorted)
}

// copied returns a pointer to a copy; nil for nil.
func copied[T any](v *T) *T {
	if v == nil {
		return nil
	}
	c := *v
	return &c
}

func orEmpty[T any](in []T) []T {
	if in == nil {
		return []T{}
	}
	return in
}

// utc keeps a zero time zero in the way that omitzero understands.
func utc(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return t.UTC()
}
