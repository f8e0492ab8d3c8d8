/**
 * What does the sidecar take at a steady rate of errors, and how soon is an error found?
 *
 * One error in each request, as gateways of little traffic send them, at rates from none to a hundred a second. The
 * sidecar runs, built, with its default settings on one core. Processor time is that of all its threads while nobody
 * asks it anything; then, at the same rate, errors are looked for by their request id from the moment that they are
 * acknowledged.
 */
import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { Command } from 'commander'
import { readUsage } from './ingest/process-usage.ts'
import { startSidecarTarget } from './ingest/sidecar-target.ts'

const warmUpSeconds = 5
const pollMs = 10
const lookUps = 15

interface Steady {
  readonly rate: number
  readonly cpuSeconds: number
  readonly seconds: number
  readonly foundAfterMs: readonly number[]
}

export async function run(args: readonly string[]): Promise<void> {
  const options = new Command('bench steady')
    .option('--rates <number...>', 'errors a second', (rate, rates: number[]) => [...rates, Number(rate)], [])
    .option('--seconds <number>', 'time of each rate', Number, 20)
    .parse(args, { from: 'user' })
    .opts<{ rates: number[]; seconds: number }>()
  const rates = options.rates.length === 0 ? [0, 1, 10, 100] : options.rates
  const target = await startSidecarTarget()
  let sent = 0
  try {
    const measured: Steady[] = []
    for (const rate of rates) {
      const load = startLoad(target.otlpUrl, rate)
      await sleep(warmUpSeconds * 1000)
      const before = readUsage(target.pid).cpuSeconds
      const startedAtMs = performance.now()
      await sleep(options.seconds * 1000)
      const cpuSeconds = readUsage(target.pid).cpuSeconds - before
      const seconds = (performance.now() - startedAtMs) / 1000
      const foundAfterMs: number[] = []
      // Between two errors a second passes and part of one, so that they meet every state of a batch.
      for (let i = 0; i < lookUps; i++) {
        await sleep(1000 + (1000 * i) / lookUps)
        foundAfterMs.push(await timeToFind(target.otlpUrl, target.apiUrl))
      }
      sent += (await load.stop()) + lookUps
      measured.push({ rate, cpuSeconds, seconds, foundAfterMs })
    }
    while ((await target.deliveredRows()) < sent) await sleep(200)
    process.stdout.write(`${table(measured)}\n`)
  } finally {
    await target.stop(sent)
  }
}

/** Sends at the rate until it is stopped. @returns how to stop it: resolves to the number of acknowledged errors. */
function startLoad(otlpUrl: string, rate: number): { stop(): Promise<number> } {
  const sending: Promise<void>[] = []
  const timer =
    rate === 0 ? undefined : setInterval(() => sending.push(send(otlpUrl, randomUUID())), 1000 / rate)
  return {
    async stop() {
      clearInterval(timer)
      await Promise.all(sending)
      return sending.length
    },
  }
}

/** Milliseconds from the acknowledgement of an error until the API finds it. */
async function timeToFind(otlpUrl: string, apiUrl: string): Promise<number> {
  const requestId = randomUUID()
  await send(otlpUrl, requestId)
  const ackedAtMs = performance.now()
  for (;;) {
    const answer = await fetch(`${apiUrl}/api/v1/upstream-errors?from=now-1h&request_id=${requestId}`)
    const { events } = (await answer.json()) as { events: unknown[] }
    if (events.length > 0) return performance.now() - ackedAtMs
    await sleep(pollMs)
  }
}

async function send(otlpUrl: string, requestId: string): Promise<void> {
  const body = JSON.stringify({
    resourceLogs: [
      {
        resource: { attributes: [attribute('service.name', 'bench')] },
        scopeLogs: [
          {
            logRecords: [
              {
                timeUnixNano: `${Date.now()}000000`,
                eventName: 'ops.upstream_error',
                attributes: [
                  attribute('gen_ai.provider.name', 'openai'),
                  attribute('gen_ai.request.model', 'gpt-5.2'),
                  { key: 'http.response.status_code', value: { intValue: 429 } },
                  attribute('ops.request.id', requestId),
                  attribute('ops.account.id', '17'),
                  attribute('http.response.body.content', answerBody),
                ],
              },
            ],
          },
        ],
      },
    ],
  })
  const answer = await fetch(`${otlpUrl}/v1/logs`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
  })
  if (!answer.ok) throw new Error(`the sidecar answered ${answer.status}: ${await answer.text()}`)
  await answer.arrayBuffer()
}

const answerBody = JSON.stringify({
  error: {
    message: 'Rate limit reached for gpt-5.2. Please try again in 20s.',
    type: 'tokens',
    code: 'rate_limit_exceeded',
  },
})

function attribute(key: string, stringValue: string) {
  return { key, value: { stringValue } }
}

function table(measured: readonly Steady[]): string {
  const rows = measured.map(({ rate, cpuSeconds, seconds, foundAfterMs }) => {
    const sorted = foundAfterMs.toSorted((a, b) => a - b)
    const percent = ((100 * cpuSeconds) / seconds).toFixed(1)
    const [median, slowest] = [sorted[Math.floor(lookUps / 2)], sorted.at(-1)]
    return `| ${rate} | ${percent} % | ${median?.toFixed(0)} | ${slowest?.toFixed(0)} |`
  })
  return [
    `| errors/s | of one core | found after, median ms | slowest of ${lookUps}, ms |`,
    '| --: | --: | --: | --: |',
    ...rows,
  ].join('\n')
}
