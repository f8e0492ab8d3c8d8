import type { UpstreamError } from '../api/types.ts'

/** Sent by the client itself, or meaningless for another connection. */
const leftOut = new Set(['host', 'content-length', 'connection', 'accept-encoding', 'transfer-encoding'])

/** A shell word that stands for exactly this text, whatever is in it. */
export const shellWord = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`

/**
 * The request of this attempt to its provider as a shell command. Secrets were taken out before it was stored: what
 * stands in their place has to be filled in.
 */
export function asCurl(event: UpstreamError): string {
  const url = `https://${event.upstream_host ?? 'HOST'}${event.upstream_path ?? '/'}`
  const headers = Object.entries(event.request_headers ?? {})
    .filter(([name]) => !leftOut.has(name.toLowerCase()))
    .map(([name, value]) => `-H ${shellWord(`${name}: ${headerText(value)}`)}`)
  const hasType = headers.some((header) => /^-H 'content-type:/i.test(header))
  const parts = [
    `curl -i -X POST ${shellWord(url)}`,
    ...headers,
    ...(event.request_body === null
      ? []
      : [
          ...(hasType ? [] : ["-H 'content-type: application/json'"]),
          `--data-raw ${shellWord(event.request_body)}`,
        ]),
  ]
  return parts.join(' \\\n  ')
}

export function headerText(value: unknown): string {
  return Array.isArray(value) ? value.join(', ') : typeof value === 'string' ? value : JSON.stringify(value)
}
