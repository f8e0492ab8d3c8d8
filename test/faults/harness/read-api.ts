import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'
import { json } from '../../support/json.ts'
import { createEventTally, type EventTally } from './event-tally.ts'

interface Page {
  readonly events: readonly { readonly request_id: string }[]
  readonly next_cursor: string | null
}

const day = 86_400_000

/** All events of the last days, as a caller of the API pages through them. @throws Error when it is refused. */
export async function listEvents(apiUrl: string): Promise<EventTally> {
  const tally = createEventTally()
  const range = lastDays()
  let cursor: string | null = null
  do {
    const query: URLSearchParams = new URLSearchParams({ ...range, limit: '1000' })
    if (cursor !== null) query.set('cursor', cursor)
    const page: Page = await json<Page>(await get(`${apiUrl}/api/v1/upstream-errors?${query}`))
    for (const event of page.events) tally.add(event.request_id)
    cursor = page.next_cursor
  } while (cursor !== null)
  return tally
}

/** The same as one export. @throws Error when it is refused or breaks off. */
export async function exportEvents(apiUrl: string): Promise<EventTally> {
  const tally = createEventTally()
  const query = new URLSearchParams(lastDays())
  const answer = await get(`${apiUrl}/api/v1/upstream-errors/export?${query}`)
  const body = Readable.fromWeb(answer.body as Parameters<typeof Readable.fromWeb>[0])
  for await (const line of createInterface({ input: body })) tally.add(JSON.parse(line).request_id)
  return tally
}

function lastDays(): { from: string; to: string } {
  return { from: new Date(Date.now() - day).toISOString(), to: new Date(Date.now() + day).toISOString() }
}

async function get(url: string): Promise<Response> {
  const answer = await fetch(url)
  if (answer.status !== 200) throw new Error(`the API answered ${answer.status}: ${await answer.text()}`)
  return answer
}
