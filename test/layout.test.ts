import { globSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { describe, expect, it } from 'vitest'

const src = new URL('../src', import.meta.url).pathname

/**
 * The hops in the order an event passes. A file imports its own hop and earlier ones; what stands directly in src is
 * either shared by all (`shared`) or puts hops together and may import everything.
 */
const order = [
  'event',
  'metrics',
  'access',
  'audit',
  'receiver',
  'selection',
  'normalization',
  'redaction',
  'decoding',
  'forwarding',
  'deduplication',
  'journal',
  'delivery',
  'store',
  'retry',
  'api',
  'console',
]
const shared = new Set([
  'errors.ts',
  'retry-after-seconds.ts',
  'node-http.ts',
  'expect-shape.ts',
  'config.ts',
  'config-schema.ts',
])
/** Formats that settings are written in. */
const configFormats = new Set(['forwarding/parse-headers.ts'])
/** The SDK runs in other people's processes: nothing of the sidecar comes along. */
const gatewayMayImport = new Set(['gateway', 'event', 'redaction'])

function importsOf(file: string): string[] {
  const text = readFileSync(join(src, file), 'utf8')
  return [...text.matchAll(/from '(\.[^']+)'|import\('(\.[^']+)'\)/g)].map((match) =>
    normalize(join(dirname(file), match[1] ?? match[2] ?? '')),
  )
}

const hopOf = (file: string): string => (file.includes('/') ? (file.split('/')[0] ?? '') : file)

function isAllowed(from: string, to: string): boolean {
  const [fromHop, toHop] = [hopOf(from), hopOf(to)]
  if (fromHop === 'gateway') return gatewayMayImport.has(toHop)
  if (toHop === 'gateway') return false
  if (shared.has(fromHop)) return shared.has(toHop) || configFormats.has(to)
  if (!order.includes(fromHop)) return true
  if (shared.has(toHop)) return true
  return order.includes(toHop) && order.indexOf(toHop) <= order.indexOf(fromHop)
}

describe('the layout of src', () => {
  it('lets dependencies point one way: to the own hop, earlier ones and what all share', () => {
    const files = globSync('**/*.{ts,tsx}', { cwd: src })
    expect(files.length).toBeGreaterThan(50)
    const wrong = files.flatMap((file) =>
      importsOf(file)
        .filter((target) => !isAllowed(file, target))
        .map((target) => `${file} imports ${target}`),
    )
    expect(wrong).toEqual([])
  })
})
