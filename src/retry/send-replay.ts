import type { LookupAddress } from 'node:dns'
import type { IncomingMessage } from 'node:http'
import { request as requestHttps } from 'node:https'
import { request as requestHttp } from '../node-http.ts'
import type { Replay } from './build-replay.ts'

export interface SendLimits {
  readonly timeoutMs: number
  /** Of the answer's body; reading stops there. */
  readonly maxResponseBytes: number
  /** Bytes that are kept of the beginning and of the end of the answer's body. */
  readonly keptBytes: number
}

/** What came back. */
export interface GatewayAnswer {
  /** 0 = no answer. */
  readonly httpStatusCode: number
  /** By lowercase name. */
  readonly headers: ReadonlyMap<string, string>
  /** The first bytes of the body. */
  readonly head: Buffer
  /** The last bytes of a body that is longer than `head`; else `head`. */
  readonly tail: Buffer
  /** Bytes of the body that were read: all of them, unless there is a failure or they are more than the limit. */
  readonly bytes: number
  /** Why there is no whole answer; '' when there is, or when reading it stopped at the limit. */
  readonly failure: string
}

/**
 * Sends the request once, over a connection of its own, to one of these addresses and no other: no redirect is
 * followed, no proxy is used, no name is looked up. TLS asks for a certificate of the URL's name. Never throws.
 */
export async function sendReplay(
  { method, url, headers, body }: Replay,
  addresses: readonly LookupAddress[],
  limits: SendLimits,
  stopping: AbortSignal,
): Promise<GatewayAnswer> {
  const timeout = AbortSignal.timeout(limits.timeoutMs)
  const options = {
    method,
    headers,
    // An agent of its own: the global one may be told by the environment to use a proxy.
    agent: false as const,
    signal: AbortSignal.any([timeout, stopping]),
    lookup: pinnedLookup(addresses),
    autoSelectFamily: true,
  }
  const failureOf = (error: unknown, progress: string): string => {
    if (timeout.aborted) return `no whole answer within ${limits.timeoutMs / 1000} s${progress}`
    if (stopping.aborted) return `the sidecar stopped${progress}`
    return `${(error as NodeJS.ErrnoException).code ?? 'the connection failed'}${progress}`
  }
  let response: IncomingMessage
  try {
    response = await new Promise<IncomingMessage>((resolve, reject) => {
      const request = url.protocol === 'https:' ? requestHttps(url, options) : requestHttp(url, options)
      request.on('response', resolve).on('error', reject)
      // A gateway that wants another protocol gets none.
      request.on('upgrade', (_response, socket) => {
        socket.destroy()
        reject(new Error('the gateway changed the protocol'))
      })
      request.end(body)
    })
  } catch (error) {
    const nothing = Buffer.alloc(0)
    return {
      httpStatusCode: 0,
      headers: new Map(),
      head: nothing,
      tail: nothing,
      bytes: 0,
      failure: failureOf(error, ''),
    }
  }
  const kept = keepEnds(limits.keptBytes)
  let failure = ''
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      kept.add(chunk)
      if (kept.bytes() > limits.maxResponseBytes) break
    }
  } catch (error) {
    failure = failureOf(error, ` after ${kept.bytes()} bytes of the answer`)
  }
  response.destroy()
  return {
    httpStatusCode: response.statusCode ?? 0,
    headers: headersOf(response),
    head: kept.head(),
    tail: kept.tail(),
    bytes: kept.bytes(),
    failure,
  }
}

function pinnedLookup(addresses: readonly LookupAddress[]) {
  return (
    _hostname: string,
    _options: object,
    callback: (error: null, addresses: LookupAddress[]) => void,
  ): void => callback(null, [...addresses])
}

/** The beginning and the end of a body of any length. */
function keepEnds(keptBytes: number) {
  const head: Buffer[] = []
  let tail: Buffer = Buffer.alloc(0)
  let headBytes = 0
  let bytes = 0
  return {
    add(chunk: Buffer): void {
      bytes += chunk.length
      const ofHead = chunk.subarray(0, keptBytes - headBytes)
      if (ofHead.length > 0) head.push(ofHead)
      headBytes += ofHead.length
      tail = Buffer.concat([tail, chunk.subarray(-keptBytes)]).subarray(-keptBytes)
    },
    head: () => Buffer.concat(head),
    tail: () => tail,
    bytes: () => bytes,
  }
}

function headersOf(response: IncomingMessage): Map<string, string> {
  return new Map(
    Object.entries(response.headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(', ') : (value ?? ''),
    ]),
  )
}
