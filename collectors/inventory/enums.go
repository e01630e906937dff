package inventory

// The words of the schema. A word outside its list is refused on reading and
// found by Check. A test compares these lists, the constants and the JSON Schema.

func (k Kind) valid() bool {
	switch k {
	case Delivery, Preview, Management, Personal, OAuth, CLI, App:
		return true
	}
	return false
}

func (a API) valid() bool {
	switch a {
	case ContentDelivery, ContentPreview, ContentManagement:
		return true
	}
	return false
}

func (l Level) valid() bool { return l.known() || l == LevelUnknown }

func (k SourceKind) valid() bool {
	switch k {
	case KindOrganization, KindSpace, KindStack, KindProject, KindInstance, KindPlan:
		return true
	}
	return false
}

func (s UnitStatus) valid() bool {
	switch s {
	case UnitComplete, UnitFailed, UnitPartial:
		return true
	}
	return false
}

func (c ErrorClass) valid() bool {
	switch c {
	case ErrPermissionDenied, ErrUnauthorized, ErrNotFound, ErrRateLimited, ErrTimeout,
		ErrUnavailable, ErrTruncated, ErrUnreadable, ErrInternal, ErrDoubtedEmpty:
		return true
	}
	return false
}

func (f Fact) valid() bool {
	switch f {
	case FactAccess, FactEnvironments, FactBranches, FactCreatedAt, FactUpdatedAt, FactRevokedAt,
		FactExpiry, FactLastUsed, FactOwner, FactDescription, FactTraits:
		return true
	}
	return false
}

// AllKinds lists the kinds of tokens: what may be missing where nothing of a
// source could be read.
func AllKinds() []Kind { return []Kind{Delivery, Preview, Management, Personal, OAuth, CLI, App} }

// AllAPIs lists every surface, in the order of the schema.
func AllAPIs() []API { return []API{ContentDelivery, ContentPreview, ContentManagement} }

// AllFacts lists every fact a rule can name, in the order of the schema.
func AllFacts() []Fact {
	return []Fact{
		FactAccess, FactEnvironments, FactBranches, FactCreatedAt, FactUpdatedAt, FactRevokedAt,
		FactExpiry, FactLastUsed, FactOwner, FactDescription, FactTraits,
	}
}

func (s Support) valid() bool {
	switch s {
	case SupportYes, SupportPartly, SupportNo:
		return true
	}
	return false
}

func (t Ternary) valid() bool {
	switch t {
	case Yes, No, Unknown:
		return true
	}
	return false
}

func (s ScopeState) valid() bool {
	switch s {
	case ScopeListed, ScopeAll, ScopeUnknown:
		return true
	}
	return false
}

func (s TimestampState) valid() bool {
	switch s {
	case TimestampAt, TimestampNone, TimestampUnknown:
		return true
	}
	return false
}

func (s ExpiryState) valid() bool {
	switch s {
	case ExpiryAt, ExpiryNever, ExpiryUnknown:
		return true
	}
	return false
}

func (p Precision) valid() bool {
	switch p {
	case PrecisionInstant, PrecisionDay:
		return true
	}
	return false
}

func (s LastUsedState) valid() bool {
	switch s {
	case LastUsedAt, LastUsedBetween, LastUsedNever, LastUsedNoneOnRecord, LastUsedUnknown:
		return true
	}
	return false
}

func (p LiteralPlace) valid() bool {
	switch p {
	case LiteralProvider, LiteralVariable, LiteralHeader, LiteralResource:
		return true
	}
	return false
}

func (t OwnerType) valid() bool {
	switch t {
	case OwnerPerson, OwnerApp, OwnerNone, OwnerUnknown:
		return true
	}
	return false
}

func (s OwnerState) valid() bool {
	switch s {
	case OwnerActive, OwnerDeactivated, OwnerRemoved, OwnerStateUnknown:
		return true
	}
	return false
}

func (p Planned) valid() bool {
	switch p {
	case "", PlannedCreate, PlannedUpdate, PlannedReplace, PlannedUnchanged:
		return true
	}
	return false
}
