import { json } from '../../support/json.ts'

interface Page {
  readonly events: readonly { readonly request_id: string }[]
  readonly next_cursor: string | null
}

/** The request ids of all events of the last days, as a caller of the API pages through them. */
export async function listRequestIds(apiUrl: string): Promise<string[]> {
  const day = 86_400_000
  const from = new Date(Date.now() - day).toISOString()
  const to = new Date(Date.now() + day).toISOString()
  const ids: string[] = []
  let cursor: string | null = null
  do {
    const query: URLSearchParams = new URLSearchParams({ from, to, limit: '1000' })
    if (cursor !== null) query.set('cursor', cursor)
    const answer = await fetch(`${apiUrl}/api/v1/upstream-errors?${query}`)
    if (answer.status !== 200) throw new Error(`the API answered ${answer.status}: ${await answer.text()}`)
    const page: Page = await json<Page>(answer)
    for (const event of page.events) ids.push(event.request_id)
    cursor = page.next_cursor
  } while (cursor !== null)
  return ids
}
