import { readFileSync } from 'node:fs'
import type { Config } from '../config.ts'
import { OpsError } from '../errors.ts'
import { validateHeaderName, validateHeaderValue } from '../node-http.ts'
import { type Networks, readNetworks, resolveGateway } from './gateway-address.ts'

/** Where retries go and within what limits. Durations in ms, sizes in bytes. */
export interface RetrySettings {
  /** Origin, and the path that the gateway's paths come after. */
  readonly gateway: URL
  readonly networks: Networks
  /** '' = there is none: no credentials are sent. */
  readonly credentialsFile: string
  /** Lowercase; '' = retries cannot be pinned to an account. */
  readonly accountHeader: string
  /** A path has to begin with one of these. */
  readonly paths: readonly string[]
  readonly maxPerHour: number
  readonly timeoutMs: number
  readonly maxResponseBytes: number
}

type RetryConfig = Pick<
  Config,
  | 'retryGatewayUrl'
  | 'retryGatewayNetworks'
  | 'retryCredentialsFile'
  | 'retryAccountHeader'
  | 'retryPaths'
  | 'retryMaxPerHour'
  | 'retryTimeoutMs'
  | 'retryMaxResponseBytes'
>

/**
 * The settings of retries; undefined when no gateway is configured.
 * @throws OpsError `invalid_config`, naming the setting and never a credential.
 */
export async function readRetrySettings(config: RetryConfig): Promise<RetrySettings | undefined> {
  if (config.retryGatewayUrl === '') return undefined
  const gateway = new URL(config.retryGatewayUrl)
  if (gateway.search !== '' || gateway.hash !== '')
    throw invalid('OPS_RETRY_GATEWAY_URL', 'has a query or a fragment')
  const settings: RetrySettings = {
    gateway,
    networks: checked('OPS_RETRY_GATEWAY_NETWORKS', () => readNetworks(config.retryGatewayNetworks)),
    credentialsFile: config.retryCredentialsFile,
    accountHeader: config.retryAccountHeader.toLowerCase(),
    paths: config.retryPaths,
    maxPerHour: config.retryMaxPerHour,
    timeoutMs: config.retryTimeoutMs,
    maxResponseBytes: config.retryMaxResponseBytes,
  }
  if (settings.paths.length === 0 || settings.paths.some((path) => !path.startsWith('/')))
    throw invalid('OPS_RETRY_PATHS', 'is no list of paths that begin with /')
  if (settings.accountHeader !== '')
    checked('OPS_RETRY_ACCOUNT_HEADER', () => validateHeaderName(settings.accountHeader))
  checked('OPS_RETRY_CREDENTIALS_FILE', () => readCredentials(settings.credentialsFile))
  // A name is looked up for each retry, an address is wrong for good.
  await resolveGateway(gateway.hostname, settings.networks, async () => [
    { address: '192.0.2.1', family: 4 },
  ]).catch((error: unknown) => {
    throw invalid('OPS_RETRY_GATEWAY_URL', (error as Error).message)
  })
  return settings
}

/** What the connection itself decides. */
const ownHeaders = new Set([
  'host',
  'content-length',
  'transfer-encoding',
  'connection',
  'upgrade',
  'expect',
  'te',
])

/**
 * The headers of a credentials file, by lowercase name: one `Name: value` on each line; blank lines and lines that
 * begin with # say nothing. Read for each retry, so that renewed credentials are taken up.
 * @throws Error that tells the line, never its content.
 */
export function readCredentials(path: string): ReadonlyMap<string, string> {
  const credentials = new Map<string, string>()
  if (path === '') return credentials
  const lines = readFile(path).split(/\r?\n/)
  for (const [index, line] of lines.entries()) {
    if (line.trim() === '' || line.startsWith('#')) continue
    const [, name = '', value = ''] = /^([^:\s]+):[ \t]*(.*?)[ \t]*$/.exec(line) ?? []
    if (!isHeader(name, value) || value === '' || ownHeaders.has(name.toLowerCase()))
      throw new Error(`${path}: line ${index + 1} is no "Name: value" of a header that may be sent`)
    credentials.set(name.toLowerCase(), value)
  }
  return credentials
}

function readFile(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    throw new Error(`${path} cannot be read: ${(cause as NodeJS.ErrnoException).code}`, { cause })
  }
}

/** Whether both can be sent: a value with CR or LF would begin a header of its own. */
export function isHeader(name: string, value: string): boolean {
  try {
    validateHeaderName(name)
    validateHeaderValue(name, value)
    return true
  } catch {
    return false
  }
}

function checked<Value>(setting: string, read: () => Value): Value {
  try {
    return read()
  } catch (error) {
    throw invalid(setting, (error as Error).message)
  }
}

function invalid(setting: string, why: string): OpsError {
  return new OpsError('invalid_config', `${setting}: ${why}`)
}
