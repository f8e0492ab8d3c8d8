import { setTimeout as delay } from 'node:timers/promises'
import { randomNumbers } from '../upstreams/outcomes.ts'

export interface TrafficOptions {
  readonly gatewayUrl: string
  /** Requests in all. Default: 200. */
  readonly count?: number
  /** Default: 50. */
  readonly requestsPerSecond?: number
  readonly seed?: number
  readonly signal?: AbortSignal
}

export interface TrafficResult {
  readonly sent: number
  /** Answers by status code; 0 = the gateway gave none, or broke its answer off. */
  readonly byStatus: ReadonlyMap<number, number>
}

const models: Readonly<Record<string, readonly string[]>> = {
  openai: ['gpt-5.2', 'gpt-5-mini'],
  anthropic: ['claude-opus-4-6', 'claude-haiku-4-5'],
  gemini: ['gemini-3-pro', 'gemini-3-flash'],
  antigravity: ['gemini-3-pro-high', 'claude-sonnet-4-5'],
}
const platforms = Object.keys(models)

/** Sends a bounded number of requests at a bounded rate, all platforms in turn, a third of them streamed. */
export async function generateTraffic(options: TrafficOptions): Promise<TrafficResult> {
  const { gatewayUrl, count = 200, requestsPerSecond = 50, seed = 1, signal } = options
  const random = randomNumbers(seed)
  const byStatus = new Map<number, number>()
  const underWay: Promise<void>[] = []
  for (let number = 0; number < count && signal?.aborted !== true; number++) {
    const platform = platforms[number % platforms.length] ?? 'openai'
    const choices = models[platform] ?? []
    const model = choices[Math.floor(random() * choices.length)] ?? 'unknown'
    const stream = random() < 1 / 3
    underWay.push(
      request(`${gatewayUrl}/${platform}`, { model, stream }, number).then((status) => {
        byStatus.set(status, (byStatus.get(status) ?? 0) + 1)
      }),
    )
    await delay(1_000 / requestsPerSecond, undefined, { signal }).catch(() => undefined)
  }
  await Promise.all(underWay)
  return { sent: underWay.length, byStatus }
}

async function request(
  url: string,
  body: { model: string; stream: boolean },
  number: number,
): Promise<number> {
  try {
    const answer = await fetch(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        authorization: 'Bearer demo-client-key',
        'x-client-request-id': `demo-${number}`,
      },
      body: JSON.stringify({ ...body, messages: [{ role: 'user', content: 'Say hello.' }] }),
    })
    await answer.text()
    return answer.status
  } catch {
    return 0
  }
}

if (import.meta.main) {
  const result = await generateTraffic({
    gatewayUrl: process.env.GATEWAY_URL ?? 'http://127.0.0.1:4391',
    count: Number(process.env.TRAFFIC_COUNT ?? 200),
    requestsPerSecond: Number(process.env.TRAFFIC_RATE ?? 50),
    seed: Number(process.env.TRAFFIC_SEED ?? 1),
  })
  process.stdout.write(`sent ${result.sent}: ${JSON.stringify(Object.fromEntries(result.byStatus))}\n`)
}
