import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { hostName, isLoopback } from '../../access/check-binding.ts'
import { InterfaceError } from './exception.ts'

export interface Credentials {
  readonly user: string
  readonly password: string
}

/**
 * Checks user and password, given as Basic, as X-ClickHouse-User and X-ClickHouse-Key, or in the URL.
 * @throws InterfaceError `AUTHENTICATION_FAILED`
 */
export function authenticate(headers: IncomingHttpHeaders, url: URL, wanted: Credentials): void {
  const given = readCredentials(headers, url)
  const matches = [same(given.user, wanted.user), same(given.password, wanted.password)]
  if (matches.includes(false))
    throw new InterfaceError(
      'AUTHENTICATION_FAILED',
      `${given.user}: Authentication failed: password is incorrect, or there is no user with such name.`,
    )
}

function readCredentials(headers: IncomingHttpHeaders, url: URL): Credentials {
  const basic = /^Basic\s+(\S+)$/i.exec(headers.authorization ?? '')?.[1]
  if (basic !== undefined) {
    const text = Buffer.from(basic, 'base64').toString()
    const colon = text.indexOf(':')
    return colon < 0
      ? { user: text, password: '' }
      : { user: text.slice(0, colon), password: text.slice(colon + 1) }
  }
  return {
    user: one(headers['x-clickhouse-user']) ?? url.searchParams.get('user') ?? 'default',
    password: one(headers['x-clickhouse-key']) ?? url.searchParams.get('password') ?? '',
  }
}

function one(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value
}

function same(given: string, wanted: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(given), digest(wanted))
}

/**
 * Keeps web pages out: a page may send simple requests to loopback, and its own name may be made to point here.
 * Browsers tell by these headers; drivers send none of them.
 */
export function isFromWebPage(headers: IncomingHttpHeaders, host: string): boolean {
  if (headers.origin !== undefined || headers['sec-fetch-site'] === 'cross-site') return true
  return isLoopback(host) && !isLoopback(hostName(headers.host ?? ''))
}
