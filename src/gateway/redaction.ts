import { createRedactor, type RedactionOptions } from '../redaction/create-redactor.ts'

/** What the SDK asks of redaction. Everything that leaves the process goes through one of these. */
export interface Redaction {
  /** Free text. */
  text(value: string): string
  /** An identifier or a name, such as a model's. */
  identifier(value: string): string
  /** A body, which may be JSON. */
  body(value: string): string
  /** The value of a header that the SDK was asked for by name. */
  extraHeader(name: string, value: string): string
  /** A URL without userinfo, query and fragment, which hold keys. */
  url(value: URL): string
}

/** The sidecar's own redaction, applied before an event leaves the gateway's process. */
export function createRedaction(options: Partial<RedactionOptions> = {}): Redaction {
  const redactor = createRedactor({ bodies: { default: 'redact', byPlatform: new Map() }, ...options })
  return {
    text: redactor.text,
    identifier: redactor.identifier,
    body: (value) => redactor.body(value, ''),
    extraHeader: (name, value) => redactor.attribute(`http.request.header.${name}`, value),
    url: (value) => redactor.text(`${value.origin}${value.pathname}`),
  }
}
