# What the tests feed to the rule: tokens with everything that the input of a rule has, in
# which nothing is wrong. A test changes what it is about:
#
#     object.union(delivery, {"name": "x"})
#
# `tokenaudit rules input TOKEN` prints others, of a saved inventory or of the demo.
package custom.rules.environment_in_name_test

delivery := {
	"access": {
		"assumed": false,
		"grants": [],
		"level": "read",
		"manages_tokens": "no",
		"reason": "",
		"write": false,
	},
	"address": "",
	"age": {
		"max": 100,
		"min": 100,
	},
	"age_days": 100,
	"apis": [
		"content_delivery",
	],
	"cms": "contentstack",
	"created_at": {
		"at": "2026-08-14T12:00:00Z",
		"reason": "",
		"state": "at",
	},
	"description": "what it is for",
	"environments": {
		"effective": 1,
		"items": [
			{
				"alias_of": "",
				"exists": "yes",
				"id": "production",
				"name": "",
				"primary": "yes",
			},
		],
		"reason": "",
		"state": "listed",
	},
	"expires_in_days": 100,
	"expiry": {
		"at": "2027-03-02T12:00:00Z",
		"precision": "instant",
		"reason": "",
		"state": "at",
		"supported": true,
	},
	"exposure": {
		"found": [],
		"reason": "no report of a leak scanner was given: scan with --leaks",
		"state": "unknown",
	},
	"id": "contentstack/stacks/shop/delivery_tokens/web",
	"kind": "delivery",
	"last_used": {
		"at": "2026-11-21T12:00:00Z",
		"evidence": "cms",
		"reason": "",
		"state": "at",
		"word": "",
	},
	"lifetime_days": 200,
	"name": "website",
	"origin": {
		"file": "",
		"line": 0,
	},
	"owner": {
		"id": "ada",
		"last_active": {
			"at": "2026-11-21T12:00:00Z",
			"reason": "",
			"state": "at",
		},
		"level": "write",
		"name": "Ada",
		"reason": "",
		"role": "",
		"state": "active",
		"type": "person",
	},
	"owner_idle_days": 1,
	"planned": "",
	"ref": "website",
	"revoked_at": {
		"reason": "",
		"state": "none",
	},
	"role": null,
	"secret": {
		"hint": "",
		"readable": "no",
	},
	"source": "contentstack/stacks/shop",
	"status": "active",
	"team": "",
	"traits": {
		"factory": "no",
		"notifies_before_expiry": "yes",
	},
	"twin": "",
	"unused_days": {
		"max": 1,
		"min": 1,
	},
	"updated_at": {
		"at": "2026-08-14T12:00:00Z",
		"reason": "",
		"state": "at",
	},
	"url": "",
}

management := {
	"access": {
		"assumed": false,
		"grants": [],
		"level": "write",
		"manages_tokens": "no",
		"reason": "",
		"write": true,
	},
	"address": "",
	"age": {
		"max": 100,
		"min": 100,
	},
	"age_days": 100,
	"apis": [
		"content_management",
	],
	"cms": "contentstack",
	"created_at": {
		"at": "2026-08-14T12:00:00Z",
		"reason": "",
		"state": "at",
	},
	"description": "what it is for",
	"environments": {
		"effective": 1,
		"items": [],
		"reason": "",
		"state": "all",
	},
	"expires_in_days": 100,
	"expiry": {
		"at": "2027-03-02T12:00:00Z",
		"precision": "instant",
		"reason": "",
		"state": "at",
		"supported": true,
	},
	"exposure": {
		"found": [],
		"reason": "no report of a leak scanner was given: scan with --leaks",
		"state": "unknown",
	},
	"id": "contentstack/stacks/shop/management_tokens/deploy",
	"kind": "management",
	"last_used": {
		"at": "2026-11-21T12:00:00Z",
		"evidence": "cms",
		"reason": "",
		"state": "at",
		"word": "",
	},
	"lifetime_days": 200,
	"name": "deploy",
	"origin": {
		"file": "",
		"line": 0,
	},
	"owner": {
		"id": "ada",
		"last_active": {
			"at": "2026-11-21T12:00:00Z",
			"reason": "",
			"state": "at",
		},
		"level": "write",
		"name": "Ada",
		"reason": "",
		"role": "",
		"state": "active",
		"type": "person",
	},
	"owner_idle_days": 1,
	"planned": "",
	"ref": "deploy",
	"revoked_at": {
		"reason": "",
		"state": "none",
	},
	"role": null,
	"secret": {
		"hint": "",
		"readable": "no",
	},
	"source": "contentstack/stacks/shop",
	"status": "active",
	"team": "",
	"traits": {
		"factory": "no",
		"notifies_before_expiry": "yes",
	},
	"twin": "",
	"unused_days": {
		"max": 1,
		"min": 1,
	},
	"updated_at": {
		"at": "2026-08-14T12:00:00Z",
		"reason": "",
		"state": "at",
	},
	"url": "",
}

source := {
	"auditor": {
		"detail": "",
		"necessary": "yes",
		"reads_secrets": "no",
		"token": "",
		"writes": "no",
	},
	"cms": "contentstack",
	"collected_at": "2026-11-22T12:00:00Z",
	"environments": [
		{
			"alias_of": "",
			"id": "production",
			"name": "",
			"primary": "yes",
		},
	],
	"facts": {
		"access": {
			"reason": "",
			"reported": "yes",
		},
		"branches": {
			"reason": "",
			"reported": "yes",
		},
		"created_at": {
			"reason": "",
			"reported": "yes",
		},
		"description": {
			"reason": "",
			"reported": "yes",
		},
		"environments": {
			"reason": "",
			"reported": "yes",
		},
		"expiry": {
			"reason": "",
			"reported": "yes",
		},
		"last_used": {
			"reason": "",
			"reported": "yes",
		},
		"owner": {
			"reason": "",
			"reported": "yes",
		},
		"revoked_at": {
			"reason": "",
			"reported": "yes",
		},
		"traits": {
			"reason": "",
			"reported": "yes",
		},
		"updated_at": {
			"reason": "",
			"reported": "yes",
		},
	},
	"host": "api.contentstack.io",
	"id": "contentstack/stacks/shop",
	"kind": "stack",
	"labels": {},
	"limits": {},
	"literals": [],
	"name": "Shop",
	"organization": "acme",
	"origin": {
		"file": "",
		"line": 0,
	},
	"region": "na",
	"units": [
		{
			"detail": "",
			"error": "",
			"hint": "",
			"kinds": [
				"delivery",
				"preview",
			],
			"name": "delivery_tokens",
			"sources": false,
			"status": "complete",
		},
		{
			"detail": "",
			"error": "",
			"hint": "",
			"kinds": [
				"management",
			],
			"name": "management_tokens",
			"sources": false,
			"status": "complete",
		},
	],
	"url": "",
}

# The input with these tokens and parameters.
input_of(tokens, params) := {
	"at": "2026-11-22T12:00:00Z",
	"params": params,
	"source": source,
	"source_tokens": tokens,
	"tokens": tokens,
}
