// What the three scripts share: reading what is given, and comparing.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'

/** What the Go side started and seeded: URL, FreeURL, Secrets, Seeded. */
export const given = JSON.parse(readFileSync(0, 'utf8'))

// The SDKs ship as one long line each: never print the place of an error whole.
process.on('uncaughtException', (error) => {
  console.log(`FAILED  ${String(error?.stack ?? error).slice(0, 2000)}`)
  process.exit(1)
})

let checked = 0

/** Compares what the SDK says with what was seeded. The first difference ends the script. */
export function same(what, got, want) {
  try {
    assert.deepEqual(got, want)
  } catch (difference) {
    console.log(`DIFFERENT  ${what}\n${difference.message}`)
    process.exit(1)
  }
  checked++
  const size = Array.isArray(want) ? ` (${want.length})` : ''
  console.log(`same  ${what}${size}`)
}

/** Expects a call to fail, and compares what `read` takes from the error. */
export async function fails(what, call, read, want) {
  let got = 'no error'
  try {
    await call()
  } catch (error) {
    got = read(error)
  }
  same(what, got, want)
}

/** Ends a script that found no difference. */
export function done() {
  console.log(`${checked} checks, no difference`)
}
