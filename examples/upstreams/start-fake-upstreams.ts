import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import type { Answer, UpstreamRequest } from './answer.ts'
import { answerAnthropic } from './anthropic.ts'
import { answerAntigravity, answerGemini } from './google.ts'
import { answerOpenAi } from './openai.ts'
import { type Outcome, outcomesOf, type Platform, platforms } from './outcomes.ts'

export interface FakeUpstreams {
  /** Base URL of the platform's API, without a trailing slash. */
  url(platform: Platform): string
  /** Answers given so far. */
  readonly counts: ReadonlyMap<`${Platform} ${Outcome}`, number>
  close(): Promise<void>
}

export interface FakeUpstreamsOptions {
  /** Default: 0, any free port. */
  readonly port?: number
  /** The same seed gives the same answers in the same order, platform by platform. Default: 1. */
  readonly seed?: number
  /** Default: 5. */
  readonly latencyMs?: number
  /** Answers to give before the seeded ones, for tests and for showing one failure. */
  readonly script?: Partial<Record<Platform, readonly Outcome[]>>
}

const answerOf: Readonly<Record<Platform, (request: UpstreamRequest, outcome: Outcome) => Answer>> = {
  openai: answerOpenAi,
  anthropic: answerAnthropic,
  gemini: answerGemini,
  antigravity: answerAntigravity,
}

/**
 * The four upstreams on one loopback port, each under its name: `/openai/v1/chat/completions`,
 * `/anthropic/v1/messages`, `/gemini/v1beta/models/…:generateContent`, `/antigravity/v1internal:generateContent`.
 */
export async function startFakeUpstreams(options: FakeUpstreamsOptions = {}): Promise<FakeUpstreams> {
  const { port = 0, seed = 1, latencyMs = 5 } = options
  const counts = new Map<`${Platform} ${Outcome}`, number>()
  const outcomes = new Map(platforms.map((platform) => [platform, scripted(platform)] as const))
  let requestCount = 0

  function* scripted(platform: Platform): Generator<Outcome> {
    yield* options.script?.[platform] ?? []
    yield* outcomesOf(platform, seed)
  }

  const server = createServer(async (request, response) => {
    const [, platform, path = ''] = /^\/(\w+)(\/.*)?$/.exec(request.url ?? '') ?? []
    const next = outcomes.get(platform as Platform)
    if (next === undefined) {
      response.writeHead(404).end()
      return
    }
    const upstreamRequest = await readRequest(request, path, ++requestCount)
    const outcome = next.next().value ?? 'success'
    const key = `${platform as Platform} ${outcome as Outcome}` as const
    counts.set(key, (counts.get(key) ?? 0) + 1)
    await delay(latencyMs)
    if (outcome === 'reset') request.socket.resetAndDestroy()
    else await send(response, answerOf[platform as Platform](upstreamRequest, outcome), latencyMs)
  })
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    url: (platform) => `${base}/${platform}`,
    counts,
    close() {
      server.closeAllConnections()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
}

async function readRequest(request: IncomingMessage, path: string, number: number): Promise<UpstreamRequest> {
  let text = ''
  for await (const chunk of request.setEncoding('utf8')) text += chunk
  const body = parse(text)
  const modelInPath = /\/models\/([^:/]+)/.exec(path)?.[1]
  return {
    model: modelInPath ?? (typeof body.model === 'string' ? body.model : 'unknown'),
    stream: body.stream === true || path.includes(':stream'),
    number,
  }
}

function parse(text: string): { model?: unknown; stream?: unknown } {
  try {
    return JSON.parse(text) ?? {}
  } catch {
    return {}
  }
}

async function send(response: ServerResponse, answer: Answer, latencyMs: number): Promise<void> {
  response.writeHead(answer.statusCode, answer.headers)
  for (const event of answer.events ?? []) {
    response.write(event)
    await delay(Math.min(latencyMs, 5))
  }
  if (answer.breaksOff === true) response.socket?.resetAndDestroy()
  else response.end(answer.body)
}
