// Contentstack's emulator through @contentstack/management.
import http from 'node:http'
import contentstack from '@contentstack/management'
import { done, fails, given, same } from './check.mjs'

const { Secrets: secrets, Seeded: seeded } = given

function client(credential, options = {}) {
  return contentstack.client({ endpoint: `${given.FreeURL}/v3`, ...credential, ...options })
}

const problem = (error) => [error.status, error.errorCode]
const uids = (items) => items.map((item) => item.uid)
const owner = client({ authtoken: secrets.owner })
const shop = owner.stack({ api_key: secrets.apiKey })

// The token lists have no documented size: page with skip until nothing comes.
async function everything(list) {
  const items = []
  for (;;) {
    const page = await list({ limit: 100, skip: items.length })
    if (page.items.length === 0) return items
    items.push(...page.items)
  }
}

async function lists() {
  const delivery = await everything((params) => shop.deliveryToken().query(params).find())
  same('delivery tokens, paged', delivery.map((token) => ({
    uid: token.uid, name: token.name, token: token.token, preview: token.preview_token ?? null,
    environments: token.scope.find((entry) => entry.module === 'environment').environments.map((e) => e.name),
  })), seeded.delivery)
  const management = await everything((params) => shop.managementToken().query(params).find())
  same('management tokens, paged', management.map((token) => ({
    uid: token.uid, name: token.name, expires: token.expires_on, module: token.scope[0].module, write: token.scope[0].acl.write,
  })), seeded.management)
  same('no secret in a management token', management.some((token) => 'token' in token), false)
  same('count of management tokens', await shop.managementToken().query().count(), { tokens: 12 })
  same('with a count', (await shop.deliveryToken().query({ include_count: true, limit: 5 }).find()).count, 230)
  same('by name', uids((await shop.deliveryToken().query({ query: { name: 'delivery bltd007' } }).find()).items), ['bltd007'])
  same('one delivery token', (await shop.deliveryToken('bltd007').fetch()).name, 'delivery bltd007')
  same('one management token', (await shop.managementToken('bltm003').fetch()).expires_on, seeded.management[3].expires)
}

async function surroundings() {
  same('user', (await owner.getUser()).email, 'owner@example.com')
  same('organizations', uids((await owner.organization().fetchAll()).items), ['bltacme'])
  same('stacks of the organization', uids((await owner.organization('bltacme').stacks()).items), ['bltshop'])
  same('stacks by a header', uids((await owner.stack({ organization_uid: 'bltacme' }).query().find()).items), ['bltshop'])
  same('shares', (await owner.organization('bltacme').getInvitations()).items.map((share) => share.user_uid), ['bltowner', 'bltdeveloper'])
  same('one stack', (await shop.fetch()).org_uid, 'bltacme')
  same('users of the stack', uids(await shop.users()), ['bltdeveloper'])
  same('environments', (await shop.environment().query().find()).items.map((e) => e.name), ['production', 'staging'])
  same('one environment', (await shop.environment('staging').fetch()).uid, 'blte2')
  same('branches', uids((await shop.branch().query().find()).items), ['main', 'next'])
  same('branch aliases', (await shop.branchAlias().fetchAll()).items.map((b) => [b.alias, b.uid]), [['live', 'main']])
  same('roles', (await shop.role().fetchAll()).items.map((role) => role.name), ['Admin', 'Developer', 'Content Manager'])
  same('webhooks', uids((await shop.webhook().fetchAll()).items), ['bltw1'])
  same('audit log', uids((await shop.auditLog().fetchAll()).items ?? []), ['bltl1'])
  const scanner = client({}).stack({ api_key: secrets.apiKey, management_token: secrets.scanner })
  same('environments by a management token', (await scanner.environment().query().find()).items.length, 2)
  await fails('tokens by a management token', () => scanner.deliveryToken().query().find(), problem, [401, 105])
}

async function errors() {
  await fails('an unknown stack', () => owner.stack({ api_key: 'bltnone' }).deliveryToken().query().find(), problem, [412, 109])
  await fails('an unknown stack beats a bad authtoken', () => client({ authtoken: 'bltnone' }).stack({ api_key: 'bltnone' }).fetch(), problem, [412, 109])
  await fails('a bad authtoken', () => client({ authtoken: 'bltnone' }).stack({ api_key: secrets.apiKey }).deliveryToken().query().find(), problem, [401, 105])
  await fails('a developer lists management tokens', () => client({ authtoken: secrets.developer }).stack({ api_key: secrets.apiKey }).managementToken().query().find(), problem, [401, 161])
  await fails('OAuth of another organization', () => client({ authorization: `Bearer ${secrets.foreign}` }).stack({ api_key: secrets.apiKey }).deliveryToken().query().find(), problem, [403, 316])
  await fails('an unknown token', () => shop.deliveryToken('bltnone').fetch(), problem, [422, 141])
  await fails('a negative skip', () => shop.deliveryToken().query({ skip: -1 }).find(), (error) => error.status, 422)
}

// Before a retry this SDK refuses loopback addresses, so the limited emulator
// goes by a name that its agent resolves to loopback.
async function limits() {
  const port = new URL(given.URL).port
  const httpAgent = new http.Agent({
    lookup: (host, options, callback) => (options?.all ? callback(null, [{ address: '127.0.0.1', family: 4 }]) : callback(null, '127.0.0.1', 4)),
  })
  const endpoint = `http://emulator.test:${port}/v3`
  const stack = client({ authtoken: secrets.owner }, { endpoint, httpAgent, maxRequests: 20, retryDelay: 600 }).stack({ api_key: secrets.apiKey })
  const pages = await Promise.all(Array.from({ length: 14 }, () => stack.environment().query().find()))
  same('14 calls at once against 10 a second: all recover', pages.every((page) => page.items.length === 2), true)
  const impatient = client({ authtoken: secrets.owner }, { endpoint, httpAgent, maxRequests: 20, retryOnError: false }).stack({ api_key: secrets.apiKey })
  await fails('without retries', () => Promise.all(Array.from({ length: 14 }, () => impatient.environment().query().find())), problem, [429, 429])
}

await lists()
await surroundings()
await errors()
await limits()
done()
