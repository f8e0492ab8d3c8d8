/** How long until the console shows something useful, with millions of events behind it? */
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import pino from 'pino'
import type { Browser } from 'playwright-core'
import { createCheckAccess } from '../src/access/token.ts'
import { buildApi } from '../src/api/server.ts'
import { loadConfig } from '../src/config.ts'
import { createMetrics } from '../src/metrics/metrics.ts'
import { openStoreClients, type StoreClients } from '../src/store/client.ts'
import { createChangeGroup } from '../src/store/group-states.ts'
import { createStoreReader } from '../src/store/query.ts'
import { createStoredBatches } from '../src/store/stored-batches.ts'
import { buildConsole } from '../test/console/support/build-console.ts'
import { launchChromium } from '../test/console/support/chromium.ts'
import { prepareData } from './query/data.ts'

const hourMs = 3_600_000
const usage = `options:
  --rows 2000000    events
  --runs 10         times that each page is opened
  --data DIR        fills this directory, or uses it when it is filled, and keeps it (as of bench -- query)
`

export async function run(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rows: { type: 'string', default: '2000000' },
      runs: { type: 'string', default: '10' },
      data: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return print(usage)
  buildConsole()
  const directory = values.data ?? (await mkdtemp(join(tmpdir(), 'ops-sidecar-bench-')))
  await mkdir(directory, { recursive: true })
  const clients = await openStoreClients(loadConfig({ OPS_DATA_DIR: directory }))
  try {
    const { toMs } = await prepareData(clients, directory, Number(values.rows), 1, print)
    await openPages(clients, directory, toMs, Number(values.runs))
  } finally {
    await clients.close()
    if (values.data === undefined) await rm(directory, { recursive: true, force: true })
  }
}

async function openPages(
  clients: StoreClients,
  directory: string,
  toMs: number,
  runs: number,
): Promise<void> {
  const app = await buildApi({
    changeGroup: createChangeGroup(clients),
    reader: createStoreReader(clients, { timeoutMs: 10_000, maxMemoryBytes: 512 * 2 ** 20 }),
    storedBatches: createStoredBatches(),
    scratchDirectory: join(directory, 'export'),
    metrics: createMetrics(),
    readiness: async () => ({}),
    host: '127.0.0.1',
    checkAccess: createCheckAccess([]),
    version: 'bench',
    console: {
      directory: new URL('../dist/console', import.meta.url).pathname,
      traceUrlTemplate: '',
      otlpPort: 4318,
    },
    log: pino({ level: 'silent' }),
  })
  const url = await app.listen({ port: 0, host: '127.0.0.1' })
  const browser = await launchChromium()
  try {
    print('| page | first paint, p50 ms | useful, p50 ms | useful, slowest ms |\n|---|--:|--:|--:|\n')
    for (const [name, view, hours, useful] of pages) {
      const to = new Date(toMs).toISOString()
      const from = new Date(toMs - hours * hourMs).toISOString()
      const paints: number[] = []
      const times: number[] = []
      for (let index = 0; index < runs; index++) {
        const opened = await openPage(browser, `${url}/?view=${view}&from=${from}&to=${to}`, useful)
        paints.push(opened.firstPaintMs)
        times.push(opened.usefulMs)
      }
      print(
        `| ${name} | ${middle(paints).toFixed(0)} | ${middle(times).toFixed(0)} | ${Math.max(...times).toFixed(0)} |\n`,
      )
    }
  } finally {
    await browser.close()
    await app.close()
  }
}

/** What a person came for is there when these are: the numbers, or the newest events. */
const numbers = `[...document.querySelectorAll('.tile-count')].filter((tile) => tile.textContent !== '–').length === 5`
const rows = `document.querySelectorAll('.event-row').length > 10`
const pages = [
  ['overview, an hour', 'overview', 1, numbers],
  ['overview, 24 hours', 'overview', 24, numbers],
  ['overview, 28 days', 'overview', 28 * 24, numbers],
  ['errors, an hour', 'errors', 1, rows],
  ['errors, 28 days', 'errors', 28 * 24, rows],
] as const

/** Opens it with an empty cache. Times are from the start of the navigation, taken at a frame by the page itself. */
async function openPage(
  browser: Browser,
  url: string,
  useful: string,
): Promise<{ firstPaintMs: number; usefulMs: number }> {
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } })
  try {
    await page.addInitScript(
      `globalThis.useful_ = new Promise((resolve) => {
        const look = () => (${useful}) ? resolve(performance.now()) : requestAnimationFrame(look)
        requestAnimationFrame(look)
      })`,
    )
    await page.goto(url)
    const usefulMs = (await page.evaluate('globalThis.useful_')) as number
    const firstPaintMs = (await page.evaluate(
      `performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0`,
    )) as number
    return { firstPaintMs, usefulMs }
  } finally {
    await page.close()
  }
}

function middle(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
}

function print(text: string): void {
  process.stdout.write(text)
}
