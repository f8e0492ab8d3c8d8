import type { ClickHouseClient } from '@clickhouse/client'
import { bits, chunkRows, type Generation, numbered, pick, uniform } from './generate.ts'

const message = `multiIf(s = 429, concat('Rate limit reached for ', m, ', try again in ', toString(${bits(60)} % 60), ' s'),
  s = 529, 'All upstream accounts are overloaded', s = 504, 'The upstream did not answer in time', 'Internal error')`

const columns: Readonly<Record<string, string>> = {
  event_id: `reinterpretAsUUID(concat(reinterpretAsString(${bits(50)}), reinterpretAsString(${bits(51)})))`,
  created_at: 'fromUnixTimestamp64Milli(at_ms)',
  ingested_at: 'fromUnixTimestamp64Milli(at_ms + 40)',
  request_id: `concat('req_', lower(hex(cityHash64(number, 22))), lower(hex(cityHash64(number, 23))))`,
  trace_id: `concat(lower(hex(cityHash64(number, 24))), lower(hex(cityHash64(number, 25))))`,
  span_id: `leftPad(lower(hex(${bits(52)})), 16, '0')`,
  service_name: pick(30, ['gateway', 'gateway-eu']),
  environment: `'production'`,
  phase: `if(s = 500, 'internal', 'upstream')`,
  type: `multiIf(s = 429, 'rate_limit', s = 504, 'timeout', s = 500, 'internal', 'overloaded')`,
  severity: `if(s = 500, 'error', 'warning')`,
  status_code: 's',
  platform: 'p',
  model: 'm',
  stream: `${bits(53)} % 3 > 0`,
  latency_ms: `toUInt32(50 + pow(${uniform(54)}, 4) * 60000)`,
  user_id: `toString(${bits(34)} % 5000)`,
  api_key_id: `toString(${bits(35)} % 8000)`,
  account_id: 'toString(a)',
  group_id: 'toString(a % 20)',
  client_ip: `concat('10.', toString(${bits(36)} % 256), '.', toString(${bits(37)} % 256), '.7')`,
  request_path: `'/v1/chat/completions'`,
  message,
  error_body: `concat('{"error":{"message":"', ${message}, '","id":"', lower(hex(${bits(55)})), '"}}')`,
  upstream_status_code: 's',
  request_body: `concat('{"model":"', m, '","max_tokens":', toString(${bits(56)} % 4096), '}')`,
  is_business_limited: 's = 429',
}

/** Fills `ops_error_logs` as `generateEvents` fills the events. */
export async function generateRequestErrors(client: ClickHouseClient, generation: Generation): Promise<void> {
  const names = Object.keys(columns)
  const select = names.map((name) => `${columns[name]} AS c_${name}`).join(', ')
  for (let start = 0; start < generation.rows; start += chunkRows) {
    await client.command({
      query:
        `INSERT INTO ops_error_logs (${names.join(', ')}) SELECT ${select} FROM (${numbered(generation, start)})
        SETTINGS async_insert = 0, max_threads = 2, max_insert_threads = 1, insert_deduplicate = 0`.replaceAll(
          '{seed:UInt64}',
          String(generation.seed),
        ),
    })
  }
}
