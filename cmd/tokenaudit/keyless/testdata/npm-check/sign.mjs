// sign.mjs FILE SUBJECT ISSUER signs a file as an identity, by the package sigstore of npm: as
// it is (FILE.sigstore.json), and by a statement about it (FILE.statement.sigstore.json). What
// is to be trusted goes into trusted_root.json next to it. Fulcio and Rekor are sigstore's
// mocks, inside this process: nothing is sent.
import { createHash, generateKeyPairSync } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { fulcioHandler, initializeCA, initializeCTLog, initializeTLog, rekorHandler } from '@sigstore/mock'
import { HashAlgorithm, PublicKeyDetails, TrustedRoot } from '@sigstore/protobuf-specs'
import nock from 'nock'
import { attest, sign } from 'sigstore'

const [file, subject, issuer] = process.argv.slice(2)
const fulcioURL = 'https://fulcio.example.com'
const rekorURL = 'https://rekor.example.com'
const start = new Date(Date.now() - 60_000)

const pair = () => generateKeyPairSync('ec', { namedCurve: 'P-256' })
const ctlog = await initializeCTLog(pair())
const ca = await initializeCA(pair(), ctlog)
const tlog = await initializeTLog(rekorURL, pair())

nock.disableNetConnect()
for (const [base, { path, fn }] of [[fulcioURL, fulcioHandler(ca)], [rekorURL, rekorHandler(tlog)]]) {
  nock(base).post(path).twice().reply(async (_, body) => {
    const { statusCode, response, contentType } = await fn(typeof body === 'string' ? body : JSON.stringify(body))
    return [statusCode, response, { 'Content-Type': contentType ?? 'text/plain' }]
  })
}

const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url')
const identityToken = `${part({ alg: 'none' })}.${part({ iss: issuer, sub: subject, aud: 'sigstore' })}.none`
const options = { fulcioURL, rekorURL, identityToken }
const content = readFileSync(file)
writeFileSync(`${file}.sigstore.json`, JSON.stringify(await sign(content, options)))
const statement = JSON.stringify({
  _type: 'https://in-toto.io/Statement/v1',
  subject: [{ name: basename(file), digest: { sha256: createHash('sha256').update(content).digest('hex') } }],
  predicateType: 'https://example.com/audited/v1',
})
writeFileSync(`${file}.statement.sigstore.json`, JSON.stringify(await attest(Buffer.from(statement), 'application/vnd.in-toto+json', options)))

const log = (baseUrl, publicKey) => ({
  baseUrl,
  hashAlgorithm: HashAlgorithm.SHA2_256,
  publicKey: { rawBytes: publicKey, keyDetails: PublicKeyDetails.PKIX_ECDSA_P256_SHA_256, validFor: { start } },
  logId: { keyId: createHash('sha256').update(publicKey).digest() },
})
writeFileSync(join(dirname(file), 'trusted_root.json'), JSON.stringify(TrustedRoot.toJSON({
  mediaType: 'application/vnd.dev.sigstore.trustedroot+json;version=0.1',
  tlogs: [log(rekorURL, tlog.publicKey)],
  certificateAuthorities: [{
    subject: { organization: 'sigstore.mock', commonName: 'sigstore' },
    uri: fulcioURL,
    certChain: { certificates: [{ rawBytes: ca.rootCertificate }] },
    validFor: { start },
  }],
  ctlogs: [log('https://ct.example.com', ctlog.publicKey)],
  timestampAuthorities: [],
})))
