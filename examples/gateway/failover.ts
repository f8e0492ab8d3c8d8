// In a project of your own: from 'ops-sidecar/gateway'.
import { instrumentFetch, setRequestFields } from '../../src/gateway/index.ts'
import type { UpstreamPlatform } from './platforms.ts'

export interface GatewayBody {
  readonly model?: string
  readonly stream?: boolean
}

/** Failed attempts are recorded inside this fetch; the rest of the gateway is as it would be without. */
const upstreamFetch = instrumentFetch(fetch)

/** The first good answer; else the last failed one; undefined if no account gave any. */
export async function callWithFailover(
  platform: UpstreamPlatform,
  body: GatewayBody,
): Promise<Response | undefined> {
  let failed: Response | undefined
  for (const account of platform.accounts) {
    setRequestFields({ accountId: account.id, accountName: account.name })
    try {
      const answer = await upstreamFetch(platform.url(body.model ?? 'unknown', body.stream === true), {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...platform.headers(account) },
        body: JSON.stringify(body),
        signal: AbortSignal.timeout(10_000),
      })
      if (answer.status !== 429 && answer.status < 500) return answer
      await failed?.body?.cancel()
      failed = answer
    } catch {
      // No answer: recorded by the instrumented fetch; the next account may have better luck.
    }
  }
  return failed
}

/** A real gateway looks the key up. What is recorded is its id, never the key. */
export function clientKeyId(authorization: string | string[] | undefined): number | undefined {
  return authorization === 'Bearer demo-client-key' ? 31 : undefined
}
