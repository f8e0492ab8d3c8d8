/**
 * Every error that a person or a program outside can meet: a stable code, the HTTP status where it is answered
 * over HTTP, and what to do about it. `docs/errors.md` lists the same and a test compares the two.
 */
export const errorCatalogue = {
  invalid_config: {
    status: 500,
    title: 'Invalid configuration',
    action: 'Correct the named setting and start again.',
  },
  data_dir_in_use: {
    status: 500,
    title: 'Data directory in use',
    action: 'Stop the other process or give this one its own OPS_DATA_DIR.',
  },
  journal_unknown_version: {
    status: 500,
    title: 'The journal was written by another version',
    action: 'Run the version that wrote it until it is empty; nothing was changed.',
  },
  embedded_engine_missing: {
    status: 500,
    title: 'Embedded engine not installed',
    action: 'Install the optional dependency chdb (Linux or macOS, glibc), or set OPS_CLICKHOUSE_URL.',
  },
  address_in_use: { status: 500, title: 'Address in use', action: 'Free the port or choose another one.' },
  store_not_opened: {
    status: 500,
    title: 'The embedded store cannot be opened',
    action: 'See that OPS_DATA_DIR can be written to and has room.',
  },
  migration_changed: {
    status: 500,
    title: 'An applied migration was changed',
    action: 'Restore the migration file; put the change into a new one.',
  },
  store_too_new: {
    status: 500,
    title: 'The store was written by a newer version',
    action: 'Run the version that wrote it, or a newer one.',
  },
  invalid_parameter: {
    status: 400,
    title: 'Invalid parameter',
    action: 'Correct the named parameter; GET /api/openapi.json describes all of them.',
  },
  invalid_cursor: {
    status: 400,
    title: 'Invalid cursor',
    action: 'Pass next_cursor of the answer before, with the same filters, or start without a cursor.',
  },
  unauthenticated: {
    status: 401,
    title: 'Token missing or unknown',
    action: 'Send a token as Authorization: Bearer.',
  },
  forbidden: {
    status: 403,
    title: 'Scope missing',
    action: 'Use a token with the scope that the detail names.',
  },
  not_found: { status: 404, title: 'Not found', action: 'Check the path and the id.' },
  method_not_allowed: {
    status: 405,
    title: 'Method not allowed',
    action: 'Use a method that the Allow header names.',
  },
  unsupported_media_type: {
    status: 415,
    title: 'Unsupported media type',
    action: 'Send application/x-protobuf or application/json.',
  },
  unsupported_encoding: {
    status: 415,
    title: 'Unsupported content encoding',
    action: 'Send the body with gzip, deflate, zstd or identity.',
  },
  malformed_otlp: {
    status: 400,
    title: 'Malformed OTLP',
    action: 'Send an OTLP export request; it is not to be repeated as it is.',
  },
  malformed_encoding: {
    status: 400,
    title: 'Malformed compressed body',
    action: 'Send a body that its Content-Encoding can decode.',
  },
  body_too_large: {
    status: 413,
    title: 'Body too large',
    action: 'Send smaller batches, or raise OPS_OTLP_MAX_BODY_BYTES.',
  },
  too_many_requests: {
    status: 429,
    title: 'Too many requests of one client or token',
    action: 'Repeat after Retry-After; send fewer requests at one time.',
  },
  overloaded: { status: 503, title: 'Overloaded', action: 'Repeat after Retry-After.' },
  journal_full: {
    status: 503,
    title: 'Journal full',
    action: 'Repeat after Retry-After; see /readyz for why it does not drain.',
  },
  journal_failed: {
    status: 503,
    title: 'Journal cannot be written',
    action: 'Repeat after Retry-After; see /readyz.',
  },
  shutting_down: { status: 503, title: 'Shutting down', action: 'Repeat after Retry-After.' },
  store_unavailable: { status: 503, title: 'Store unavailable', action: 'Repeat later; see /readyz.' },
  query_timeout: {
    status: 504,
    title: 'Query took too long',
    action: 'Narrow the time range or the filters.',
  },
  query_too_large: {
    status: 422,
    title: 'Query needs too much memory',
    action: 'Narrow the time range or the filters.',
  },
  retry_not_configured: {
    status: 409,
    title: 'Retry is not configured',
    action:
      'Set what the detail names: OPS_RETRY_GATEWAY_URL, OPS_RETRY_CREDENTIALS_FILE or OPS_RETRY_ACCOUNT_HEADER.',
  },
  retry_body_missing: {
    status: 422,
    title: 'No request body to send again',
    action: 'Let the gateway record request bodies; bodies are deleted after OPS_BODY_RETENTION.',
  },
  retry_body_truncated: {
    status: 422,
    title: 'The request body was cut off',
    action:
      'Raise OPS_BODY_MAX_BYTES here and the limit of bodies in the gateway; this one cannot be retried.',
  },
  retry_body_redacted: {
    status: 422,
    title: 'The request body was redacted',
    action: 'It had secrets or personal data, which are not stored; ask the client to send it again.',
  },
  retry_path_refused: {
    status: 422,
    title: 'The request path is not one to retry',
    action: 'Add the beginning of the path to OPS_RETRY_PATHS if the gateway serves it to clients.',
  },
  retry_address_refused: {
    status: 409,
    title: 'The gateway has an address that retries do not go to',
    action: 'Correct OPS_RETRY_GATEWAY_URL, or name the network in OPS_RETRY_GATEWAY_NETWORKS.',
  },
  retry_running: {
    status: 409,
    title: 'A retry is under way',
    action: 'Wait for it: GET /api/v1/errors/{id}/retries.',
  },
  retry_too_soon: {
    status: 429,
    title: 'The last retry ended moments ago',
    action: 'Repeat after Retry-After, or with force.',
  },
  retry_limit_reached: {
    status: 429,
    title: 'Retries of the last hour are used up',
    action: 'Repeat after Retry-After; OPS_RETRY_MAX_PER_HOUR is the limit.',
  },
  idempotency_key_reused: {
    status: 422,
    title: 'Idempotency-Key of another retry',
    action: 'Send a new key for each retry that is meant to happen.',
  },
  internal: { status: 500, title: 'Internal error', action: 'See the log of the sidecar.' },
} as const

export type ErrorCode = keyof typeof errorCatalogue

/** An error of the catalogue. `message` is shown to the caller, so it holds no secret and no stack. */
export class OpsError extends Error {
  override readonly name = 'OpsError'
  readonly code: ErrorCode
  /** Extra members of the problem document, such as the parameter's name. */
  readonly extra: Readonly<Record<string, string | number>>

  constructor(
    code: ErrorCode,
    message: string,
    options: ErrorOptions & { extra?: Readonly<Record<string, string | number>> } = {},
  ) {
    super(message, options)
    this.code = code
    this.extra = options.extra ?? {}
  }

  get status(): number {
    return errorCatalogue[this.code].status
  }
}
