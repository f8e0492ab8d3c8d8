import type { ClickHouseClient } from '@clickhouse/client'
import { upstreamErrorColumns } from '../../src/event/tables.ts'

export const platforms = ['openai', 'anthropic', 'gemini', 'antigravity']
/** An event in so many has the word in its message. */
export const needleEvery = 250_000
export const needle = 'xyzzyneedle'

/** Bits of a number that are the same in every run; `salt` makes them independent of each other. */
export const bits = (salt: number) => `cityHash64(number, ${salt}, {seed:UInt64})`
export const uniform = (salt: number) => `(${bits(salt)} % 1000000) / 1000000`
export const pick = (salt: number, values: readonly string[]) =>
  `[${values.map((value) => `'${value}'`).join(', ')}][1 + ${bits(salt)} % ${values.length}]`

const platform = `${`[${platforms.map((name) => `'${name}'`).join(', ')}]`}[multiIf(${uniform(1)} < 0.5, 1, ${uniform(1)} < 0.8, 2, ${uniform(1)} < 0.95, 3, 4)]`
/** 429 is the most frequent, then 529 and 503. */
const status = `multiIf(${uniform(3)} < 0.7, 429, ${uniform(3)} < 0.82, 529, ${uniform(3)} < 0.92, 503, ${uniform(3)} < 0.97, 500, 0)`
const message = `multiIf(number % ${needleEvery} = 7, '${needle} in the upstream answer',
  s = 429, concat('Rate limit reached for ', m, ' in organization org-', toString(a), ' on tokens per min: Limit 30000, Used ', toString(${bits(9)} % 30000), ', Requested 1200. Please try again in ', toString(${bits(10)} % 9000), 'ms.'),
  s = 529, 'Overloaded', s = 503, concat('upstream connect error or disconnect/reset before headers: reset reason ', toString(${bits(11)} % 20)),
  s = 500, 'Internal server error', 'Headers Timeout Error')`

const columns: Readonly<Record<string, string>> = {
  event_id: `reinterpretAsUUID(concat(reinterpretAsString(${bits(20)}), reinterpretAsString(${bits(21)})))`,
  created_at: 'fromUnixTimestamp64Milli(at_ms)',
  ingested_at: 'fromUnixTimestamp64Milli(at_ms + 40)',
  request_id: `concat('req_', lower(hex(cityHash64(intDiv(number, 2), 22))), lower(hex(cityHash64(intDiv(number, 2), 23))))`,
  trace_id: `concat(lower(hex(cityHash64(intDiv(number, 2), 24))), lower(hex(cityHash64(intDiv(number, 2), 25))))`,
  span_id: `leftPad(lower(hex(${bits(26)})), 16, '0')`,
  service_name: pick(30, ['gateway', 'gateway-eu']),
  service_instance_id: `concat('pod-', toString(${bits(31)} % 12))`,
  environment: `'production'`,
  platform: 'p',
  model: 'm',
  operation: `'chat'`,
  stream: `${bits(32)} % 3 > 0`,
  kind: `if(s = 0, 'request_error', 'http_error')`,
  category: `multiIf(s = 429, 'rate_limited', s = 529, 'overloaded', s = 0, 'timeout', 'server_error')`,
  status_code: 's',
  error_type: `multiIf(s = 429, 'rate_limit_error', s = 529, 'overloaded_error', s = 0, 'UND_ERR_HEADERS_TIMEOUT', 'api_error')`,
  error_message: message,
  fingerprint: `cityHash64(p, s, if(s = 503, ${bits(11)} % 20, 0))`,
  retryable: 'true',
  retry_after_ms: `if(s = 429, 1000 * (1 + ${bits(33)} % 60), 0)`,
  upstream_request_id: `concat('up_', lower(hex(${bits(27)})))`,
  upstream_host: `concat('api.', p, '.com')`,
  upstream_path: `'/v1/messages'`,
  attempt: 'number % 2',
  account_id: 'toString(a)',
  account_name: `concat('account ', toString(a))`,
  group_id: 'toString(a % 20)',
  user_id: `toString(${bits(34)} % 5000)`,
  api_key_id: `toString(${bits(35)} % 8000)`,
  client_ip: `concat('10.', toString(${bits(36)} % 256), '.', toString(${bits(37)} % 256), '.7')`,
  request_path: `'/v1/chat/completions'`,
  latency_ms: `toUInt32(50 + pow(${uniform(38)}, 4) * 60000)`,
  response_headers: `concat('{"request-id":"', lower(hex(${bits(39)})), '","retry-after":"6"}')`,
  response_body: `concat('{"type":"error","error":{"type":"api_error","message":"', ${bits(40)} % 2 = 0 ? 'Overloaded' : 'Rate limited', '"},"request_id":"', lower(hex(${bits(41)})), '"}')`,
  response_body_bytes: '120',
}

export interface Generation {
  readonly rows: number
  readonly seed: number
  readonly fromMs: number
  readonly toMs: number
}

export const chunkRows = 250_000

/** The numbers of one chunk with what their rows share: `at_ms`, platform `p`, model `m`, status `s`, account `a`. */
export function numbered({ rows, fromMs, toMs }: Generation, start: number): string {
  return `SELECT number, ${Math.trunc(fromMs)} + intDiv(toInt64(number) * ${Math.trunc(toMs - fromMs)}, ${rows}) AS at_ms,
      ${platform} AS p, concat(p, '-model-', toString(toUInt32(pow(${uniform(2)}, 3) * 8))) AS m, ${status} AS s,
      toUInt32(pow(${uniform(4)}, 4) * 500) AS a
    FROM numbers(${start}, ${Math.min(chunkRows, rows - start)})`
}

/** Fills `ops_upstream_error_events` with skewed events, evenly in time; the same seed gives the same events. */
export async function generateEvents(client: ClickHouseClient, generation: Generation): Promise<void> {
  const names = upstreamErrorColumns.map((column) => column.name).filter((name) => name in columns)
  const select = names.map((name) => `${columns[name]} AS c_${name}`).join(', ')
  for (let start = 0; start < generation.rows; start += chunkRows) {
    const sql = `INSERT INTO ops_upstream_error_events (${names.join(', ')}) SELECT ${select} FROM (${numbered(generation, start)})
      SETTINGS async_insert = 0, max_threads = 2, max_insert_threads = 1, insert_deduplicate = 0`
    await client.command({ query: sql.replaceAll('{seed:UInt64}', String(generation.seed)) })
  }
}
