# What the tests of the rules share: a token about which everything is known and
# nothing is wrong. A test changes what it is about.
package tokenaudit.fixtures

token := {
	"id": "contentstack/stacks/blt1/management_tokens/blt2",
	"ref": "blt2",
	"twin": "",
	"cms": "contentstack",
	"source": "contentstack/stacks/blt1",
	"name": "deploy",
	"description": "used by the release pipeline",
	"url": "",
	"kind": "management",
	"apis": ["content_management"],
	"access": {"level": "write", "write": true, "assumed": false, "reason": "", "manages_tokens": "no", "grants": []},
	"role": null,
	"environments": {
		"state": "listed",
		"reason": "",
		"items": [{"id": "main", "name": "", "primary": "yes", "exists": "yes", "alias_of": ""}],
		"effective": 1,
	},
	"created_at": {"state": "at", "at": "2026-08-14T12:00:00Z", "reason": ""},
	"updated_at": {"state": "at", "at": "2026-08-14T12:00:00Z", "reason": ""},
	"revoked_at": {"state": "none", "reason": ""},
	"expiry": {"state": "at", "at": "2027-03-02T12:00:00Z", "precision": "instant", "supported": true, "reason": ""},
	"last_used": {"state": "at", "at": "2026-11-21T12:00:00Z", "reason": "", "evidence": "cms", "word": ""},
	"traits": {"factory": "no", "notifies_before_expiry": "yes"},
	"owner": {
		"type": "none",
		"id": "",
		"name": "",
		"state": "active",
		"level": "unknown",
		"role": "",
		"last_active": {"state": "unknown", "reason": ""},
		"reason": "",
	},
	"secret": {"readable": "no", "hint": ""},
	"exposure": {"state": "none", "reason": "", "found": []},
	"planned": "",
	"address": "",
	"origin": {"file": "tokenaudit.yaml", "line": 1},
	"status": "active",
	"team": "",
	"age_days": 100,
	"expires_in_days": 100,
	"lifetime_days": 200,
	"unused_days": {"min": 1, "max": 1},
}

delivery := object.union(token, {
	"id": "contentstack/stacks/blt1/delivery_tokens/blt3",
	"name": "website",
	"kind": "delivery",
	"apis": ["content_delivery"],
	"access": {"level": "read", "write": false},
})

preview := object.union(delivery, {
	"id": "contentstack/stacks/blt1/delivery_tokens/blt3/preview_token",
	"twin": delivery.id,
	"kind": "preview",
	"apis": ["content_preview"],
})

source := {
	"id": "contentstack/stacks/blt1",
	"cms": "contentstack",
	"kind": "stack",
	"name": "Shop",
	"host": "api.contentstack.io",
	"region": "na",
	"organization": "blt0",
	"labels": {},
	"url": "",
	"collected_at": "2026-11-22T12:00:00Z",
	"units": [],
	"facts": {},
	"limits": {},
	"environments": [],
	"auditor": {"token": "", "reads_secrets": "no", "writes": "no", "necessary": "yes", "detail": ""},
	"literals": [],
	"origin": {"file": "tokenaudit.yaml", "line": 1},
}

# A list of a source that was read whole.
unit := {"name": "some", "kinds": [], "sources": false, "status": "complete", "error": "", "detail": "", "hint": ""}

# The input with these tokens and parameters.
input_of(tokens, params) := {"source": source, "tokens": tokens, "source_tokens": tokens, "at": "2026-11-22T12:00:00Z", "params": params}

# The ids of the tokens that a set is about.
ids(set) := {element.token | some element in set}
