// Contentful's emulator through contentful-management.
import { createClient, fetchAll } from 'contentful-management'
import { done, fails, given, same } from './check.mjs'

const { Secrets: secrets, Seeded: seeded } = given
const organizationId = 'acme'
const spaceId = 'shop'

function client(accessToken, base = given.FreeURL, options = {}) {
  return createClient({ accessToken, host: new URL(base).host, insecure: true, ...options }, { type: 'plain' })
}

const iso = (time) => (time ? new Date(time).toISOString() : null)
const ids = (items) => items.map((item) => item.sys.id)
const problem = (error) => {
  const { status, requestId } = JSON.parse(error.message)
  return [error.name, status, /^[0-9a-f-]{36}$/.test(requestId ?? '')]
}

const owner = client(secrets.owner)

async function lists() {
  const tokens = await fetchAll((params) => owner.accessToken.getManyForOrganization(params), { organizationId, query: { limit: 100 } })
  // The caller's own token has been used since it was seeded.
  const used = (token) => (token.sys.id === 'caller-owner' ? null : iso(token.sys.lastUsedAt))
  same('access tokens of the organization, paged', tokens.map((token) => ({
    id: token.sys.id, type: token.sys.type, user: token.sys.user.sys.id, scopes: token.scopes, end: token.sys.redactedValue,
    created: iso(token.sys.createdAt), expires: iso(token.sys.expiresAt), used: used(token), revoked: iso(token.revokedAt),
  })), seeded.organizationTokens)
  const short = await owner.accessToken.getManyForOrganization({ organizationId })
  same('default page', [short.total, short.limit, short.skip, short.items.length], [232, 25, 0, 25])
  const wide = await owner.accessToken.getManyForOrganization({ organizationId, query: { limit: 1000 } })
  same('page cap', [wide.limit, wide.items.length], [100, 100])
  const filtered = await owner.accessToken.getManyForOrganization({ organizationId, query: { 'sys.type[in]': 'CLIToken', 'revokedAt': 'null', limit: 100 } })
  same('filter by type', filtered.items.every((token) => token.sys.type === 'CLIToken') && filtered.total, 46)
  const own = await owner.accessToken.getMany({})
  same('own access tokens', own.items.map((token) => ({ id: token.sys.id, name: token.name })), seeded.ownTokens)
  same('one access token', (await owner.accessToken.get({ tokenId: 'caller-owner' })).name, "owner's")

  const keys = await fetchAll((params) => owner.apiKey.getMany(params), { spaceId })
  same('delivery keys, paged', keys.map((key) => ({
    id: key.sys.id, name: key.name, description: key.description, secret: key.accessToken, environments: ids(key.environments), preview: key.preview_api_key.sys.id,
  })), seeded.keys)
  const previews = await fetchAll((params) => owner.previewApiKey.getMany(params), { spaceId })
  same('preview keys, paged', previews.map((key) => ({
    id: key.sys.id, name: key.name, secret: key.accessToken, environments: ids(key.environments),
  })), seeded.previewKeys)
  same('one delivery key', (await owner.apiKey.get({ spaceId, apiKeyId: 'key07' })).name, 'Key 7')
  same('one preview key', (await owner.previewApiKey.get({ spaceId, previewApiKeyId: 'preview07' })).name, 'Key 7')
}

async function surroundings() {
  const at = { organizationId }
  same('organizations', ids((await owner.organization.getAll()).items), ['acme'])
  same('one organization', (await owner.organization.get(at)).name, 'Acme')
  same('spaces', ids((await owner.space.getManyForOrganization(at)).items), ['shop', 'asleep'])
  same('environments with the alias row', ids((await owner.environment.getMany({ spaceId })).items), ['master-2026', 'staging', 'master'])
  const alias = (await owner.environmentAlias.getMany({ spaceId })).items[0]
  same('alias', [alias.sys.id, alias.environment.sys.id], ['master', 'master-2026'])
  same('roles of a space', (await owner.role.getMany({ spaceId })).items.map((role) => [role.name, role.permissions.ContentDelivery]), [['Editor', ['read']]])
  same('roles of the organization', ids((await owner.role.getManyForOrganization(at)).items), ['role1'])
  same('space members', (await owner.spaceMember.getMany({ spaceId })).items.map((m) => [m.sys.user.sys.id, m.admin]), [['member', true]])
  same('space memberships', ids((await owner.spaceMembership.getManyForOrganization(at)).items), ['sm1'])
  same('team space memberships', ids((await owner.teamSpaceMembership.getManyForOrganization(at)).items), ['tsm1'])
  same('organization memberships', (await owner.organizationMembership.getMany(at)).items.map((m) => m.role), ['owner', 'member'])
  same('users', (await owner.user.getManyForOrganization(at)).items.map((user) => [user.email, user.activated]), [['owner@example.com', true], ['member@example.com', true]])
  same('current user', (await owner.user.getCurrent()).sys.id, 'owner')
  same('teams', ids((await owner.team.getMany(at)).items), ['team1'])
  same('team memberships', (await owner.teamMembership.getManyForOrganization(at)).items.map((m) => m.sys.user.sys.id), ['member'])
  same('OAuth applications, by cursor', (await fetchAll((params) => owner.oauthApplication.getManyForUser(params), { userId: 'owner' })).map((a) => a.name), ['Importer'])
  same('app definitions', ids((await owner.appDefinition.getMany(at)).items), ['app1'])
  same('app keys', ids((await owner.appKey.getMany({ organizationId, appDefinitionId: 'app1' })).items), ['kid1'])
  same('app signing secret', (await owner.appSigningSecret.get({ organizationId, appDefinitionId: 'app1' })).redactedValue.length, 4)
  same('webhooks', ids((await owner.webhook.getMany({ spaceId })).items), ['hook1'])
  same('access grant', await owner.raw.get(`/organizations/${organizationId}/access_grant`), { accessGrant: true })
}

async function errors() {
  const once = { retryLimit: 0, retryOnError: false }
  await fails('an unknown token', () => client('CFPAT-none').space.getMany({}), problem, ['AccessTokenInvalid', 403, true])
  await fails('a revoked token', () => client(secrets.revoked).user.getCurrent(), problem, ['AccessTokenInvalid', 403, true])
  await fails('an unknown token, environment route', () => client('CFPAT-none').environment.get({ spaceId, environmentId: 'staging' }), problem, ['AccessTokenInvalid', 401, true])
  await fails('a delivery key', () => client(secrets.deliveryKey).space.get({ spaceId }), problem, ['AccessTokenInvalid', 403, true])
  await fails('a member lists tokens', () => client(secrets.member).accessToken.getManyForOrganization({ organizationId }), problem, ['AccessDenied', 403, true])
  await fails('an unknown key', () => owner.apiKey.get({ spaceId, apiKeyId: 'none' }), problem, ['NotFound', 404, true])
  await fails('an unknown route', () => owner.raw.get('/nowhere'), problem, ['UnknownRoute', 404, true])
  await fails('a bad limit', () => owner.apiKey.getMany({ spaceId, query: { limit: 'ten' } }), problem, ['InvalidQuery', 400, true])
  await fails('no webhook signing secret', () => owner.webhook.getSigningSecret({ spaceId }), problem, ['NotFound', 404, true])
  await fails('a hibernated space', () => client(secrets.owner, given.FreeURL, once).apiKey.getMany({ spaceId: 'asleep' }), problem, ['Hibernated', 502, true])

  const hurried = client(secrets.owner, given.URL, { throttle: 0, logHandler: () => {} })
  const answers = await Promise.all(Array.from({ length: 16 }, () => hurried.space.get({ spaceId })))
  same('16 calls at once against 7 a second: all recover', answers.every((space) => space.sys.id === spaceId), true)
  await fails('without retries', () => Promise.all(Array.from({ length: 16 }, () => client(secrets.owner, given.URL, { ...once, throttle: 0 }).space.get({ spaceId }))), problem, ['RateLimitExceeded', 429, true])
}

await lists()
await surroundings()
await errors()
done()
