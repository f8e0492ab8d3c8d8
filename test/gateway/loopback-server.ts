import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'

export type Answering = (response: ServerResponse, request: IncomingMessage) => void

/** An HTTP server on loopback that gives these answers in turn, then the last one again. Closed with the test. */
export async function serveAnswers(...answers: readonly Answering[]): Promise<string> {
  let next = 0
  return listen(
    createServer((request, response) => {
      request.resume()
      const answer = answers[Math.min(next++, answers.length - 1)]
      answer?.(response, request)
    }),
  )
}

export async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** A port of loopback that nothing listens on. */
export async function closedPort(): Promise<string> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  await new Promise<void>((resolve) => server.close(() => resolve()))
  return url
}

export function answer(statusCode: number, headers: Record<string, string>, body: unknown): Answering {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  return (response) => {
    response.writeHead(statusCode, { 'content-type': 'application/json', ...headers }).end(text)
  }
}

/** Sends part of a body, then resets the connection. */
export function breakOff(statusCode: number, headers: Record<string, string>, begun: string): Answering {
  return (response) => {
    response.writeHead(statusCode, headers)
    response.write(begun)
    setTimeout(() => response.socket?.resetAndDestroy(), 20)
  }
}

export function eventStream(events: readonly string[]): Answering {
  return (response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'request-id': 'req_stream' })
    for (const event of events) response.write(event)
    response.end()
  }
}

export const openAiRateLimit = answer(
  429,
  { 'x-request-id': 'req_openai_1', 'retry-after': '20', 'x-ratelimit-reset-tokens': '6m0s' },
  {
    error: {
      message: 'Rate limit reached for gpt-5.2',
      type: 'tokens',
      param: null,
      code: 'rate_limit_exceeded',
    },
  },
)
export const anthropicOverload = answer(
  529,
  { 'request-id': 'req_anthropic_1', 'anthropic-ratelimit-requests-remaining': '3' },
  {
    type: 'error',
    error: { type: 'overloaded_error', message: 'Overloaded' },
    request_id: 'req_anthropic_1',
  },
)
export const htmlUnavailable: Answering = answer(
  503,
  { 'content-type': 'text/html', server: 'cloudflare' },
  '<html><head><title>503 Service Temporarily Unavailable</title></head></html>',
)
