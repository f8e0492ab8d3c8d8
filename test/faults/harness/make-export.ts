import { gzipSync } from 'node:zlib'
import { keyValues, span, traceExport } from '../../support/otlp.ts'

/** One export request: its bytes never change, however often it is sent. */
export interface Export {
  readonly id: number
  readonly path: '/v1/traces' | '/v1/logs'
  readonly requestIds: readonly string[]
  readonly body: Buffer
  readonly headers: Readonly<Record<string, string>>
}

export interface ExportShape {
  readonly minEvents: number
  readonly maxEvents: number
  /** Bound of the response body that an event carries. */
  readonly maxBodyBytes: number
}

const statuses = [429, 529, 500, 503]
const platforms = ['openai', 'anthropic', 'gcp.gemini', 'aws.bedrock']

/** Makes exports: traces and logs, plain and gzip, of different sizes, as the random numbers say. */
export function createExportMaker(prefix: string, shape: ExportShape, random: () => number): () => Export {
  let nextId = 0
  let nextEvent = 0
  const pick = <Item>(items: readonly Item[]): Item => items[Math.floor(random() * items.length)] as Item
  const hex = (bytes: number) =>
    Array.from({ length: bytes }, () =>
      Math.floor(random() * 256)
        .toString(16)
        .padStart(2, '0'),
    ).join('')

  function attributes(requestId: string) {
    const text = 'Rate limit reached. Please try again in 20s. '.repeat(
      1 + Math.floor((random() * shape.maxBodyBytes) / 45),
    )
    return {
      'gen_ai.provider.name': pick(platforms),
      'gen_ai.request.model': `model-${Math.floor(random() * 5)}`,
      'http.response.status_code': pick(statuses),
      'ops.request.id': requestId,
      'ops.account.id': String(Math.floor(random() * 20)),
      'http.response.body.content': JSON.stringify({ error: { message: text, type: 'rate_limit_error' } }),
    }
  }

  return () => {
    const id = nextId++
    const count = shape.minEvents + Math.floor(random() * (shape.maxEvents - shape.minEvents + 1))
    const requestIds = Array.from({ length: count }, () => `${prefix}-${nextEvent++}`)
    const timeMs = Date.now()
    const asTraces = random() < 0.7
    const content = asTraces
      ? traceExport([
          ...requestIds.map((requestId) =>
            span({
              traceId: hex(16),
              spanId: hex(8),
              endMs: timeMs,
              events: [
                { name: 'gen_ai.choice', timeMs },
                { timeMs, attributes: attributes(requestId) },
              ],
            }),
          ),
          span({ traceId: hex(16), spanId: hex(8), endMs: timeMs, events: [{ name: 'retry', timeMs }] }),
        ])
      : {
          resourceLogs: [
            {
              scopeLogs: [
                {
                  logRecords: requestIds.map((requestId) => ({
                    timeUnixNano: `${timeMs}000000`,
                    eventName: 'ops.upstream_error',
                    attributes: keyValues(attributes(requestId)),
                  })),
                },
              ],
            },
          ],
        }
    const json = Buffer.from(JSON.stringify(content))
    const gzip = random() < 0.5
    return {
      id,
      path: asTraces ? '/v1/traces' : '/v1/logs',
      requestIds,
      body: gzip ? gzipSync(json, { level: 1 }) : json,
      headers: { 'content-type': 'application/json', ...(gzip ? { 'content-encoding': 'gzip' } : {}) },
    }
  }
}
