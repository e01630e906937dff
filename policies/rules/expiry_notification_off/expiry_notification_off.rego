# METADATA
# title: Nobody is notified before the token expires
# description: |
#   An active token with an expiry date fails if the CMS could notify somebody before it expires
#   and is not set to. Contentstack has such a switch for each management token.
#
#   An expiry that comes as a surprise breaks what uses the token. The mail seven days before
#   is what makes short lifetimes bearable.
# custom:
#   goal: Somebody is notified before a token expires
#   severity: low
#   fix: other
#   subject: token
#   select:
#     kinds: [management]
#     cms: [contentstack] # the others have no such switch, or none for management tokens
#   requires: [expiry, traits]
#   controls:
#     nist_800_53: [IA-5]
#   remediation:
#     default: Turn on the notification before expiry.
#     contentstack: Edit the management token under Settings, Tokens and turn on the e-mail notification. Owners and admins get an e-mail seven days before the expiry.
package tokenaudit.rules.expiry_notification_off

import data.tokenaudit.lib

# The other CMSes have no such switch, or none for management tokens.
applies contains token.id if {
	some token in input.tokens
	token.expiry.state != "never"
}

deny contains finding if {
	some token in input.tokens
	token.traits.notifies_before_expiry == "no"
	finding := {
		"token": token.id,
		"message": sprintf("nobody is notified before %s expires on %s", [lib.token(token.kind, token.name), lib.day(token.expiry.at)]),
		"evidence": {"expires_at": token.expiry.at, "notifies_before_expiry": token.traits.notifies_before_expiry},
	}
}
