// DatoCMS's emulator through @datocms/cma-client-node.
import { ApiError, buildClient } from '@datocms/cma-client-node'
import { done, fails, given, same } from './check.mjs'

const { Secrets: secrets, Seeded: seeded } = given

function client(apiToken, options = {}) {
  return buildClient({ apiToken, baseUrl: given.FreeURL, ...options })
}

const ids = (items) => items.map((item) => item.id)
const problem = (error) => [error instanceof ApiError, error.response.status, error.errors[0].attributes.code, error.errors[0].id]
const admin = client(secrets.admin)

async function lists() {
  const tokens = await admin.accessTokens.list()
  // The caller's own token has been used since it was seeded.
  same('access tokens', tokens.map((token) => ({
    id: token.id, name: token.name, token: token.token, hardcoded: token.hardcoded_type, role: token.role?.id ?? null,
    cda: token.can_access_cda, preview: token.can_access_cda_preview, cma: token.can_access_cma, used: token.last_cda_access,
  })), seeded.tokens)
  same("the caller's last use", tokens[0].last_cma_access, 'today')
  const raw = await admin.accessTokens.rawFind('302')
  same('one, undecoded', raw, {
    data: {
      type: 'access_token', id: '302',
      attributes: {
        name: 'Read-only API token', hardcoded_type: 'readonly', can_access_cda: true, can_access_cda_preview: true, can_access_cma: false,
        last_cma_access: 'never', last_cda_access: 'last_week', token: seeded.tokens[2].token,
      },
      relationships: { role: { data: null } },
    },
  })
  same('secrets are null for an editor', (await client(secrets.editor).accessTokens.list()).every((token) => token.token === null), true)
}

async function surroundings() {
  const roles = await admin.roles.list()
  same('roles', roles.map((role) => role.name), ['Admin', 'Editor', 'Heir'])
  const heir = await admin.roles.find('32')
  same('own permissions of an heir', heir.positive_item_type_permissions, [])
  same('permissions in force', [heir.meta.final_permissions.can_edit_favicon, heir.meta.final_permissions.positive_item_type_permissions], [true, [{
    action: 'all', environment: 'main', item_type: null, workflow: null, on_stage: null, to_stage: null, on_creator: 'anyone', localization_scope: 'all', locale: null,
  }]])
  same('environments', (await admin.environments.list()).map((e) => [e.id, e.meta.primary, e.meta.forked_from]), [['main', true, null], ['sandbox', false, 'main']])
  same('one environment', (await admin.environments.find('sandbox')).meta.status, 'ready')
  const site = await admin.site.find()
  same('site', [site.id, site.name, site.internal_domain], ['77', 'Blog', 'blog.admin.datocms.com'])
  same('me', (await admin.users.findMe({ include: 'role' })).id, '300')
  same('users', (await admin.users.list()).map((user) => user.email), ['ada@example.com'])
  same('SSO users', await admin.ssoUsers.list(), [])
  same('webhooks', ids(await admin.webhooks.list()), ['1'])
  same('build triggers', ids(await admin.buildTriggers.list()), ['1'])
  same('usage counter', (await admin.usageCounters.find('cda_access_token_id_requests', { period: 'today' })).result, [{ value: '302', counter: 42 }])
  same('daily usages', await admin.dailyUsages.list(), [])
}

async function errors() {
  await fails('an unknown token', () => client('none').accessTokens.list(), problem, [true, 401, 'INVALID_AUTHORIZATION_HEADER', '5413bc'])
  await fails('a delivery token', () => client(secrets.delivery).accessTokens.list(), problem, [true, 401, 'INVALID_AUTHORIZATION_HEADER', '5413bc'])
  await fails('an editor lists webhooks', () => client(secrets.editor).webhooks.list(), problem, [true, 401, 'INSUFFICIENT_PERMISSIONS', '3591ab'])
  await fails('an unknown id', () => admin.accessTokens.find('999'), problem, [true, 404, 'NOT_FOUND', '302048'])
  await fails('an unknown environment', () => client(secrets.admin, { environment: 'none' }).site.find(), problem, [true, 404, 'INVALID_ENVIRONMENT', 'ed93be'])

  const limited = client(secrets.admin, { baseUrl: given.URL })
  same('an error that calls itself transient: recovers', (await limited.site.find()).id, '77')
  const answers = await Promise.all(Array.from({ length: 70 }, () => limited.environments.list()))
  same('70 calls at once against 60 in 3 seconds: all recover', answers.every((list) => list.length === 2), true)
  const impatient = client(secrets.admin, { baseUrl: given.URL, autoRetry: false })
  await fails('without retries', () => Promise.all(Array.from({ length: 70 }, () => impatient.environments.list())),
    (error) => [error instanceof ApiError, error.response.status], [true, 429]) // it does not read the body of a 429
}

await lists()
await surroundings()
await errors()
done()
