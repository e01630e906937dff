#!/bin/sh
# Prints the tokens of Pressroom, a fictional in-house CMS, as an inventory. Here they come from a file, in life from its database.
set -eu
silent='{"state":"unknown","reason":"Pressroom keeps no record of it"}'
fact() { for f in "$@"; do printf '"%s":{"reported":"%s","reason":"Pressroom keeps no record of it"},' "$f" "$said"; done; }
facts=$(said=yes fact access environments revoked_at expiry; said=no fact branches created_at updated_at last_used owner description traits)
printf '{"schema":"tokenaudit/inventory/v1","tool":{"name":"pressroom-tokens","version":"1"},"sources":[{"id":"pressroom/main","cms":"pressroom","kind":"instance","name":"Pressroom","collected_at":"%s","units":[{"name":"tokens","kinds":["delivery","management"],"status":"complete"}],"facts":{%s},"auditor":{"reads_secrets":"no","writes":"no","necessary":"yes"},"tokens":[' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "${facts%,}"
awk -F, -v silent="$silent" '{
  write = $3 == "true"; expiry = $4 == "" ? "\"state\":\"never\"" : "\"state\":\"at\",\"precision\":\"instant\",\"at\":\"" $4 "\""
  printf "%s{\"id\":\"pressroom/main/tokens/%s\",\"ref\":\"%s\",\"cms\":\"pressroom\",\"source\":\"pressroom/main\",\"name\":\"%s\",\"kind\":\"%s\",\"apis\":[\"%s\"],\"access\":{\"level\":\"%s\",\"write\":%s,\"assumed\":false,\"manages_tokens\":\"no\",\"grants\":[]},\"role\":null,\"environments\":{\"state\":\"all\",\"items\":[{\"id\":\"live\",\"primary\":\"yes\",\"exists\":\"yes\"}],\"effective\":1},\"created_at\":%s,\"updated_at\":%s,\"revoked_at\":{\"state\":\"none\"},\"expiry\":{\"supported\":true,%s},\"last_used\":%s,\"traits\":{\"factory\":\"no\",\"notifies_before_expiry\":\"no\"},\"owner\":{\"type\":\"unknown\",\"state\":\"unknown\",\"level\":\"unknown\",\"last_active\":%s,\"reason\":\"Pressroom keeps no record of it\"},\"secret\":{\"readable\":\"no\"}}\n", (NR > 1 ? "," : ""), $1, $1, $2, write ? "management" : "delivery", write ? "content_management" : "content_delivery", write ? "write" : "read", write ? "true" : "false", silent, silent, expiry, silent, silent
}' "${1:-tokens.csv}"
echo ']}]}'
