import { isIP } from 'node:net'
import type { Config } from '../config.ts'
import { OpsError } from '../errors.ts'

/** True for addresses that only this machine reaches. Names other than localhost count as reachable from outside. */
export function isLoopback(host: string): boolean {
  if (host === 'localhost' || host === '::1' || host === '::ffff:127.0.0.1') return true
  return isIP(host) === 4 && host.startsWith('127.')
}

/** The name of a Host header, brackets of IPv6 taken off. */
export function hostName(host: string): string {
  return host
    .replace(/:\d+$/, '')
    .replace(/^\[(.*)\]$/, '$1')
    .toLowerCase()
}

/**
 * Beyond loopback, tokens are required.
 * @throws OpsError `invalid_config`
 */
export function checkBinding(config: Pick<Config, 'otlpHost' | 'apiHost' | 'tokensFile'>): void {
  if (config.tokensFile !== '') return
  for (const [name, host] of [
    ['OPS_OTLP_HOST', config.otlpHost],
    ['OPS_API_HOST', config.apiHost],
  ] as const) {
    if (isLoopback(host)) continue
    throw new OpsError(
      'invalid_config',
      `${name}: ${JSON.stringify(host)} can be reached from other machines, which needs OPS_TOKENS_FILE (ops-sidecar token create)`,
    )
  }
}

/**
 * The embedded store's HTTP interface knows no tokens: beyond loopback, its password is required.
 * @throws OpsError `invalid_config`
 */
export function checkClickHouseHttp(
  config: Pick<Config, 'clickhouseUrl' | 'clickhouseHttpHost' | 'clickhousePassword'>,
): void {
  if (config.clickhouseUrl !== '')
    throw new OpsError(
      'invalid_config',
      "OPS_CLICKHOUSE_URL: with it there is no embedded store, which ClickHouse's HTTP interface would serve",
    )
  if (isLoopback(config.clickhouseHttpHost) || config.clickhousePassword !== '') return
  throw new OpsError(
    'invalid_config',
    `OPS_CLICKHOUSE_HTTP_HOST: ${JSON.stringify(config.clickhouseHttpHost)} can be reached from other machines, which needs OPS_CLICKHOUSE_PASSWORD`,
  )
}
