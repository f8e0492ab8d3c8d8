import { apiBase } from './client.ts'
import { readProblem } from './problem.ts'
import { createMessageParser } from './sse-messages.ts'
import { authorization } from './token.ts'
import type { ListedEvent } from './types.ts'

export interface TailListener {
  onEvent(event: ListedEvent): void
  /** Events were left out, because this client read too slowly or was away. */
  onGap(reason: string): void
  onState(state: TailState): void
}

export type TailState =
  | { readonly status: 'connecting' | 'following' }
  | { readonly status: 'away' | 'refused'; readonly reason: string }

const firstRetryMs = 500
const lastRetryMs = 10_000

/**
 * Follows new events until the signal ends it, and comes back after the last one when the connection is lost. By fetch,
 * as EventSource cannot send a token.
 * @param query filters and `fields` of the tail.
 */
export async function followEvents(
  query: string,
  listener: TailListener,
  signal: AbortSignal,
): Promise<void> {
  let lastEventId: string | undefined
  let waitMs = firstRetryMs
  while (!signal.aborted) {
    listener.onState({ status: 'connecting' })
    try {
      const answer = await fetch(`${apiBase}upstream-errors/tail?${query}`, {
        signal,
        headers: { ...authorization(), ...(lastEventId ? { 'last-event-id': lastEventId } : {}) },
      })
      if (!answer.ok || answer.body === null) {
        const { status, title, detail } = await readProblem(answer)
        if (status < 500 && status !== 429)
          return listener.onState({ status: 'refused', reason: `${title}: ${detail}` })
        throw new Error(`${title}: ${detail}`)
      }
      listener.onState({ status: 'following' })
      waitMs = firstRetryMs
      const parse = createMessageParser((message) => {
        lastEventId = message.id ?? lastEventId
        if (message.event === 'gap') listener.onGap(String(JSON.parse(message.data).reason))
        else if (message.event === 'upstream_error') listener.onEvent(JSON.parse(message.data))
      })
      for (const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader(); ; ) {
        const { done, value } = await reader.read()
        if (done) break
        parse(value)
      }
    } catch (error) {
      if (signal.aborted) return
      listener.onState({ status: 'away', reason: error instanceof Error ? error.message : String(error) })
    }
    await pause(waitMs, signal)
    waitMs = Math.min(lastRetryMs, waitMs * 2)
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms)
    signal.addEventListener('abort', () => {
      clearTimeout(timer)
      resolve()
    })
  })
}
