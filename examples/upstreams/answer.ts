/** What an upstream sends back. */
export interface Answer {
  readonly statusCode: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  /** A stream: the events to send one by one instead of the body. */
  readonly events?: readonly string[] | undefined
  /** End the connection without a proper end of the answer. */
  readonly breaksOff?: boolean | undefined
}

export interface UpstreamRequest {
  readonly model: string
  readonly stream: boolean
  /** Counts the requests of this upstream: makes ids unique and repeatable. */
  readonly number: number
}

export function json(statusCode: number, headers: Record<string, string>, body: unknown): Answer {
  return {
    statusCode,
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  }
}

export function eventStream(
  headers: Record<string, string>,
  events: readonly string[],
  breaksOff = false,
): Answer {
  return {
    statusCode: 200,
    headers: { 'content-type': 'text/event-stream', ...headers },
    body: '',
    events,
    breaksOff,
  }
}

/** The page of a proxy in front of the provider: no JSON, none of the provider's headers. */
export function proxyPage(statusCode: number, reason: string): Answer {
  return {
    statusCode,
    headers: { 'content-type': 'text/html', server: 'cloudflare', 'cf-ray': '8f3e2a1b4c5d6e7f-FRA' },
    body: `<html>\r\n<head><title>${statusCode} ${reason}</title></head>\r\n<body>\r\n<center><h1>${statusCode} ${reason}</h1></center>\r\n<hr><center>cloudflare</center>\r\n</body>\r\n</html>\r\n`,
  }
}

export function hexId(prefix: string, number: number): string {
  return prefix + (number * 2_654_435_761).toString(16).padStart(16, '0')
}
