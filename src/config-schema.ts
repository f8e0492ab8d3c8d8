import { parseHeaders } from './forwarding/parse-headers.ts'

/**
 * Every setting: its environment variable (the flag is the same name: OPS_OTLP_PORT is --otlp-port), default, what is
 * allowed, and what it does. `--help`, validation and docs/configuration.md derive from this list.
 */
export interface Setting<Value> {
  readonly env: string
  readonly fallback: Value
  /** What is allowed, in words, for messages and help. */
  readonly allowed: string
  readonly description: string
  /** Never printed. */
  readonly secret?: true
  /** The value of the text, or undefined when it is not allowed. */
  parse(text: string): Value | undefined
}

type Described = { env: string; description: string }

const units = { '': 1, KB: 1e3, MB: 1e6, GB: 1e9, KIB: 2 ** 10, MIB: 2 ** 20, GIB: 2 ** 30 } as const
const timeUnits = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const

function text(setting: Described & { fallback: string; secret?: true }): Setting<string> {
  return { ...setting, allowed: 'text', parse: (value) => value }
}

function integer(setting: Described & { fallback: number; min: number; max: number }): Setting<number> {
  const { min, max } = setting
  return {
    ...setting,
    allowed: `a whole number from ${min} to ${max}`,
    parse(value) {
      const number = /^\d+$/.test(value) ? Number(value) : Number.NaN
      return number >= min && number <= max ? number : undefined
    },
  }
}

function port(setting: Described & { fallback: number }): Setting<number> {
  return {
    ...integer({ ...setting, min: 0, max: 65_535 }),
    allowed: 'a port from 0 to 65535 (0 = any free one)',
  }
}

function bytes(setting: Described & { fallback: number; min: number }): Setting<number> {
  return {
    ...setting,
    allowed: `a size of at least ${setting.min} bytes, such as 64MiB or 4GiB`,
    parse(value) {
      const match = /^(\d{1,15})\s*([A-Za-z]{0,3})$/.exec(value)
      const unit = units[(match?.[2] ?? '-').toUpperCase() as keyof typeof units]
      const size = match && unit !== undefined ? Number(match[1]) * unit : Number.NaN
      return size >= setting.min && Number.isSafeInteger(size) ? size : undefined
    },
  }
}

function duration(setting: Described & { fallback: number; minMs: number; maxMs: number }): Setting<number> {
  return {
    ...setting,
    allowed: `a duration from ${setting.minMs}ms to ${setting.maxMs}ms, such as 500ms, 30s, 10m, 12h or 30d`,
    parse(value) {
      const match = /^(\d{1,12})(ms|s|m|h|d)$/.exec(value)
      const ms = match ? Number(match[1]) * timeUnits[match[2] as keyof typeof timeUnits] : Number.NaN
      return ms >= setting.minMs && ms <= setting.maxMs ? ms : undefined
    },
  }
}

function choice<const Choice extends string>(
  setting: Described & { fallback: Choice; choices: readonly Choice[] },
): Setting<Choice> {
  return {
    ...setting,
    allowed: `one of ${setting.choices.join(', ')}`,
    parse: (value) => setting.choices.find((item) => item === value),
  }
}

function flag(setting: Described & { fallback: boolean }): Setting<boolean> {
  const words: Readonly<Record<string, boolean>> = { true: true, '1': true, false: false, '0': false }
  return { ...setting, allowed: 'true or false', parse: (value) => words[value] }
}

function httpUrl(setting: Described & { fallback: string }): Setting<string> {
  return {
    ...setting,
    allowed: 'an http:// or https:// URL without user and password',
    parse(value) {
      if (value === '') return ''
      const url = URL.canParse(value) ? new URL(value) : undefined
      if (url === undefined || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '')
        return undefined
      return value
    },
  }
}

function urlTemplate(setting: Described & { fallback: string }): Setting<string> {
  const url = httpUrl(setting)
  return {
    ...url,
    allowed: `${url.allowed}, with {trace_id} in it`,
    parse: (value) => (value === '' || value.includes('{trace_id}') ? url.parse(value) : undefined),
  }
}

function list(setting: Described & { fallback: readonly string[] }): Setting<readonly string[]> {
  return {
    ...setting,
    allowed: 'texts separated by commas',
    parse: (value) =>
      value
        .split(',')
        .map((item) => item.trim())
        .filter((item) => item !== ''),
  }
}

function headers(
  setting: Described & { fallback: Readonly<Record<string, string>>; secret: true },
): Setting<Readonly<Record<string, string>>> {
  return {
    ...setting,
    allowed: 'key=value pairs separated by commas, values percent-encoded',
    parse: parseHeaders,
  }
}

function identifier(setting: Described & { fallback: string }): Setting<string> {
  return {
    ...setting,
    allowed: 'letters, digits and _, not starting with a digit',
    parse: (value) => (/^([A-Za-z_]\w{0,63})?$/.test(value) ? value : undefined),
  }
}

function clusterName(setting: Described & { fallback: string }): Setting<string> {
  return {
    ...setting,
    allowed: 'letters, digits, _, . and -',
    parse: (value) => (/^[\w.-]{0,64}$/.test(value) ? value : undefined),
  }
}

const mib = 2 ** 20
const gib = 2 ** 30
const dayMs = 86_400_000

export const settings = {
  otlpHost: text({
    env: 'OPS_OTLP_HOST',
    fallback: '127.0.0.1',
    description: 'Address that the OTLP receiver binds.',
  }),
  otlpPort: port({ env: 'OPS_OTLP_PORT', fallback: 4318, description: 'Port of OTLP/HTTP.' }),
  otlpGrpcPort: integer({
    env: 'OPS_OTLP_GRPC_PORT',
    fallback: 4317,
    min: 0,
    max: 65_535,
    description: 'Port of OTLP/gRPC; 0 = off.',
  }),
  otlpCorsOrigins: list({
    env: 'OPS_OTLP_CORS_ORIGINS',
    fallback: [],
    description: 'Origins whose browser exporters may send; * = all. None by default.',
  }),
  otlpMaxBodyBytes: bytes({
    env: 'OPS_OTLP_MAX_BODY_BYTES',
    fallback: 64 * mib,
    min: 1024,
    description: 'Largest export request, before and after inflating; larger ones get 413.',
  }),
  otlpMaxInFlightBytes: bytes({
    env: 'OPS_OTLP_MAX_IN_FLIGHT_BYTES',
    fallback: 256 * mib,
    min: 1024,
    description: 'Bytes of request bodies held at one time; beyond it 503 with Retry-After.',
  }),
  otlpMaxConnections: integer({
    env: 'OPS_OTLP_MAX_CONNECTIONS',
    fallback: 1024,
    min: 1,
    max: 65_535,
    description: 'Open connections to the receiver.',
  }),
  otlpMaxClientRequests: integer({
    env: 'OPS_OTLP_MAX_CLIENT_REQUESTS',
    fallback: 256,
    min: 1,
    max: 65_535,
    description: 'Requests under way of one client address; beyond it 429 with Retry-After.',
  }),
  otlpAckTimeoutMs: duration({
    env: 'OPS_OTLP_ACK_TIMEOUT',
    fallback: 8000,
    minMs: 100,
    maxMs: 60_000,
    description:
      'Time that an export waits for the disk before it gets 503; exporters give up after 10s by default.',
  }),
  otlpRequestTimeoutMs: duration({
    env: 'OPS_OTLP_REQUEST_TIMEOUT',
    fallback: 30_000,
    minMs: 100,
    maxMs: 600_000,
    description: 'Time that a client has to send one whole request.',
  }),
  exceptionEvents: flag({
    env: 'OPS_EXCEPTION_EVENTS',
    fallback: true,
    description: 'Also store exception events of GenAI spans that do not use the ops SDK.',
  }),
  derivedRequestErrors: flag({
    env: 'OPS_DERIVED_REQUEST_ERRORS',
    fallback: true,
    description:
      'Make the record of a failed request from its SERVER span where a gateway emits no ops.request_error.',
  }),
  collectorWorkers: integer({
    env: 'OPS_COLLECTOR_WORKERS',
    fallback: 0,
    min: 0,
    max: 64,
    description: 'Threads that decode exports; 0 = the main thread, which suits a sidecar.',
  }),
  forwardOtlpEndpoint: httpUrl({
    env: 'OPS_FORWARD_OTLP_ENDPOINT',
    fallback: '',
    description: 'OTLP/HTTP endpoint that every payload is passed on to, unchanged; empty = none.',
  }),
  forwardOtlpHeaders: headers({
    env: 'OPS_FORWARD_OTLP_HEADERS',
    fallback: {},
    secret: true,
    description: 'Headers for it, as in OTEL_EXPORTER_OTLP_HEADERS.',
  }),
  forwardMaxQueueBytes: bytes({
    env: 'OPS_FORWARD_MAX_QUEUE_BYTES',
    fallback: 64 * mib,
    min: 1024,
    description: 'Payloads that wait to be passed on; beyond it they are dropped and counted.',
  }),
  forwardTimeoutMs: duration({
    env: 'OPS_FORWARD_TIMEOUT',
    fallback: 10_000,
    minMs: 100,
    maxMs: 600_000,
    description: 'Time of one attempt to pass a payload on.',
  }),
  apiHost: text({ env: 'OPS_API_HOST', fallback: '127.0.0.1', description: 'Address that the API binds.' }),
  apiPort: port({ env: 'OPS_API_PORT', fallback: 4380, description: 'Port of the API.' }),
  traceUrlTemplate: urlTemplate({
    env: 'OPS_TRACE_URL_TEMPLATE',
    fallback: '',
    description:
      'Link from an event to its trace in Jaeger, Tempo or Grafana, with {trace_id} and, if wanted, {span_id}; empty = none.',
  }),
  tokensFile: text({
    env: 'OPS_TOKENS_FILE',
    fallback: '',
    description:
      'JSON file of token hashes and scopes; required to bind beyond loopback. ops-sidecar token create makes entries.',
  }),
  apiRateLimit: integer({
    env: 'OPS_API_RATE_LIMIT',
    fallback: 1200,
    min: 0,
    max: 1_000_000,
    description: 'Requests to the API in a minute with one token, beyond which it gets 429; 0 = any number.',
  }),
  apiQueryBudgetMs: duration({
    env: 'OPS_API_QUERY_BUDGET',
    fallback: 60_000,
    minMs: 0,
    maxMs: 3_600_000,
    description: 'Time in ClickHouse in a minute for the queries of one token; 0ms = as much as it wants.',
  }),
  apiMaxQueries: integer({
    env: 'OPS_API_MAX_QUERIES',
    fallback: 32,
    min: 0,
    max: 65_535,
    description: 'Queries of one token at one time; 0 = any number.',
  }),
  auditLogFile: text({
    env: 'OPS_AUDIT_LOG_FILE',
    fallback: '',
    description:
      'File that exports, retries, changes, refused tokens, commands and starts are noted in; empty = audit.ndjson under OPS_DATA_DIR.',
  }),
  tlsCertFile: text({
    env: 'OPS_TLS_CERT_FILE',
    fallback: '',
    description:
      'Certificate chain in PEM: the receiver and the API then speak TLS only. Read again when it is renewed.',
  }),
  tlsKeyFile: text({ env: 'OPS_TLS_KEY_FILE', fallback: '', description: 'Its private key in PEM.' }),
  otlpClientCaFile: text({
    env: 'OPS_OTLP_CLIENT_CA_FILE',
    fallback: '',
    description:
      'Authorities in PEM: exporters must show a certificate of one of them, beside their token. Needs TLS.',
  }),
  dataDir: text({
    env: 'OPS_DATA_DIR',
    fallback: './data',
    description: 'Directory of the journal and the embedded store.',
  }),
  clickhouseUrl: httpUrl({
    env: 'OPS_CLICKHOUSE_URL',
    fallback: '',
    description: 'ClickHouse server; empty = the embedded engine under OPS_DATA_DIR.',
  }),
  clickhouseUser: text({
    env: 'OPS_CLICKHOUSE_USER',
    fallback: 'default',
    description: "User at the ClickHouse server; of the embedded engine's HTTP interface, who may use it.",
  }),
  clickhousePassword: text({
    env: 'OPS_CLICKHOUSE_PASSWORD',
    fallback: '',
    secret: true,
    description:
      "Password at the ClickHouse server; of the embedded engine's HTTP interface, what clients have to give.",
  }),
  clickhouseDatabase: identifier({
    env: 'OPS_CLICKHOUSE_DATABASE',
    fallback: 'ops',
    description: 'Database of the tables.',
  }),
  clickhouseCluster: clusterName({
    env: 'OPS_CLICKHOUSE_CLUSTER',
    fallback: '',
    description: 'Cluster of the server to make the tables on, replicated and sharded; empty = one node.',
  }),
  clickhouseHttp: flag({
    env: 'OPS_CLICKHOUSE_HTTP',
    fallback: false,
    description:
      "Serve the embedded store beside the sidecar by ClickHouse's HTTP interface, read only, for Grafana and other tools.",
  }),
  clickhouseHttpHost: text({
    env: 'OPS_CLICKHOUSE_HTTP_HOST',
    fallback: '127.0.0.1',
    description: "Address that the embedded engine's HTTP interface binds.",
  }),
  clickhouseHttpPort: port({
    env: 'OPS_CLICKHOUSE_HTTP_PORT',
    fallback: 8123,
    description: "Port of the embedded engine's HTTP interface.",
  }),
  clickhouseTimeoutMs: duration({
    env: 'OPS_CLICKHOUSE_TIMEOUT',
    fallback: 30_000,
    minMs: 100,
    maxMs: 600_000,
    description: 'Time that one insert may take before its outcome counts as unknown.',
  }),
  embeddedMemoryBytes: bytes({
    env: 'OPS_EMBEDDED_MEMORY_BYTES',
    fallback: 512 * mib,
    min: 256 * mib,
    description: 'Memory that the embedded engine may use.',
  }),
  queryTimeoutMs: duration({
    env: 'OPS_QUERY_TIMEOUT',
    fallback: 10_000,
    minMs: 100,
    maxMs: 600_000,
    description: 'Time that one API query may take.',
  }),
  journalMaxBytes: bytes({
    env: 'OPS_JOURNAL_MAX_BYTES',
    fallback: 4 * gib,
    min: mib,
    description: 'Rows acknowledged but not yet stored; when it is full exports get 503.',
  }),
  journalSegmentBytes: bytes({
    env: 'OPS_JOURNAL_SEGMENT_BYTES',
    fallback: 64 * mib,
    min: 64 * 1024,
    description: 'Size of one journal segment.',
  }),
  journalMinFreeDiskBytes: bytes({
    env: 'OPS_JOURNAL_MIN_FREE_DISK_BYTES',
    fallback: 512 * mib,
    min: 0,
    description: 'Disk space that the journal leaves free.',
  }),
  journalReadPatienceMs: duration({
    env: 'OPS_JOURNAL_READ_PATIENCE',
    fallback: 60_000,
    minMs: 1000,
    maxMs: 86_400_000,
    description:
      'Time that a journal segment which cannot be read holds delivery up, as storage often comes back. Then its blocks that cannot be read are gone over, and the records in them are lost.',
  }),
  batchMaxRows: integer({
    env: 'OPS_BATCH_MAX_ROWS',
    fallback: 50_000,
    min: 1,
    max: 1_000_000,
    description: 'Rows of one insert.',
  }),
  batchMaxBytes: bytes({
    env: 'OPS_BATCH_MAX_BYTES',
    fallback: 16 * mib,
    min: 1024,
    description: 'Bytes of one insert; into a server no more than 8 MiB.',
  }),
  batchMaxWaitMs: duration({
    env: 'OPS_BATCH_MAX_WAIT',
    fallback: 2000,
    minMs: 10,
    maxMs: 60_000,
    description: 'Time from one insert to the next while rows keep coming, and the longest that a row waits.',
  }),
  batchMinWaitMs: duration({
    env: 'OPS_BATCH_MIN_WAIT',
    fallback: 100,
    minMs: 0,
    maxMs: 60_000,
    description: 'Time that the first rows after a quiet time wait for others.',
  }),
  bodyMaxBytes: bytes({
    env: 'OPS_BODY_MAX_BYTES',
    fallback: 16 * 1024,
    min: 0,
    description: 'Bytes kept of a request or response body; its full size is kept beside it.',
  }),
  bodyMode: choice({
    env: 'OPS_BODY_MODE',
    fallback: 'redact',
    choices: ['redact', 'hash', 'drop', 'keep'],
    description:
      'What becomes of request and response bodies: their secrets taken out, a keyed hash, nothing, or all as it is. OPS_REDACTION_FILE sets it by platform.',
  }),
  redactionFile: text({
    env: 'OPS_REDACTION_FILE',
    fallback: '',
    description: 'JSON file of redaction rules of your own and body modes by platform (docs/security.md).',
  }),
  redactionHmacKeyFile: text({
    env: 'OPS_REDACTION_HMAC_KEY_FILE',
    fallback: '',
    description: 'File with a key: markers then carry a keyed hash, by which equal secrets can be told.',
  }),
  retentionMs: duration({
    env: 'OPS_RETENTION',
    fallback: 30 * dayMs,
    minMs: dayMs,
    maxMs: 3650 * dayMs,
    description: 'Age at which events are deleted; older ones are rejected.',
  }),
  bodyRetentionMs: duration({
    env: 'OPS_BODY_RETENTION',
    fallback: 7 * dayMs,
    minMs: dayMs,
    maxMs: 3650 * dayMs,
    description: 'Age at which headers and bodies are blanked; their rows stay until OPS_RETENTION.',
  }),
  retryGatewayUrl: httpUrl({
    env: 'OPS_RETRY_GATEWAY_URL',
    fallback: '',
    description: 'Gateway that failed requests are sent to again; empty = retries are refused.',
  }),
  retryGatewayNetworks: list({
    env: 'OPS_RETRY_GATEWAY_NETWORKS',
    fallback: [],
    description:
      'Networks, such as 10.0.0.0/8, that the name of that gateway may lie in beside public ones. An address, localhost and a name without a dot need none.',
  }),
  retryCredentialsFile: text({
    env: 'OPS_RETRY_CREDENTIALS_FILE',
    fallback: '',
    description: 'File with the headers that let retries in, one "Name: value" a line; read for each retry.',
  }),
  retryAccountHeader: text({
    env: 'OPS_RETRY_ACCOUNT_HEADER',
    fallback: '',
    description:
      'Header by which that gateway is told the account to use, and tells which it used; empty = no retries with mode upstream.',
  }),
  retryPaths: list({
    env: 'OPS_RETRY_PATHS',
    fallback: ['/v1/', '/v1beta/', '/v1internal:'],
    description:
      'What the path of a request begins with that may be retried; never name paths of administration.',
  }),
  retryMaxPerHour: integer({
    env: 'OPS_RETRY_MAX_PER_HOUR',
    fallback: 60,
    min: 1,
    max: 10_000,
    description: 'Retries in any hour, as each may cost money.',
  }),
  retryTimeoutMs: duration({
    env: 'OPS_RETRY_TIMEOUT',
    fallback: 60_000,
    minMs: 100,
    maxMs: 600_000,
    description: 'Time of one retry, from connecting to the end of the answer.',
  }),
  retryMaxResponseBytes: bytes({
    env: 'OPS_RETRY_MAX_RESPONSE_BYTES',
    fallback: 16 * mib,
    min: 1024,
    description: 'Bytes read of an answer to a retry; a preview of them is kept.',
  }),
  shutdownTimeoutMs: duration({
    env: 'OPS_SHUTDOWN_TIMEOUT',
    fallback: 10_000,
    minMs: 0,
    maxMs: 600_000,
    description: 'Time for delivering what is in the journal at SIGTERM; the rest stays there.',
  }),
  logLevel: choice({
    env: 'OPS_LOG_LEVEL',
    fallback: 'info',
    choices: ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'],
    description: 'Least severe log line that is written (JSON, standard error).',
  }),
} as const

export type SettingKey = keyof typeof settings
