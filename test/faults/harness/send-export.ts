import { type Agent, request } from 'node:http'
import type { Export } from './make-export.ts'

/** What a 200 with `partialSuccess` is taken down as: some of the export was refused for good. */
export const partialSuccess = 206

export interface Answer {
  /** 0: no answer. */
  readonly status: number
  readonly retryAfter: string | undefined
  readonly elapsedMs: number
}

/** Sends one export. Never rejects. */
export function sendExport(agent: Agent, url: string, item: Export, timeoutMs: number): Promise<Answer> {
  const startedAtMs = performance.now()
  return new Promise((resolve) => {
    const end = (status: number, retryAfter?: string) => {
      clearTimeout(timer)
      resolve({ status, retryAfter, elapsedMs: performance.now() - startedAtMs })
    }
    const call = request(
      url + item.path,
      { method: 'POST', agent, headers: { ...item.headers, 'content-length': item.body.length } },
      (response) => {
        let body = ''
        response.setEncoding('utf8').on('data', (text: string) => {
          body += text
        })
        response.once('error', () => end(0))
        response.once('end', () => {
          const partial = response.statusCode === 200 && body.includes('partialSuccess')
          end(partial ? partialSuccess : (response.statusCode ?? 0), response.headers['retry-after'])
        })
      },
    )
    const timer = setTimeout(() => call.destroy(new Error('timeout')), timeoutMs)
    call.once('error', () => end(0))
    call.end(item.body)
  })
}
