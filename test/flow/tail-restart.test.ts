import { expect, it } from 'vitest'
import { span, traceExport } from '../support/otlp.ts'
import { startTestSidecar, type TestSidecar, temporaryDirectory } from '../support/sidecar.ts'

async function send(sidecar: TestSidecar, requestId: string): Promise<void> {
  const attributes = { 'gen_ai.provider.name': 'openai', 'ops.request.id': requestId }
  const answer = await fetch(`${sidecar.otlpUrl}/v1/traces`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(traceExport([span({ events: [{ attributes }] })])),
  })
  expect(answer.status).toBe(200)
}

/** Follows until it has so many messages. */
async function follow(
  sidecar: TestSidecar,
  count: number,
  lastEventId?: string,
  begun: () => unknown = () => {},
): Promise<{ id: string; requestId: string }[]> {
  const answer = await fetch(`${sidecar.apiUrl}/api/v1/upstream-errors/tail?fields=request_id`, {
    headers: lastEventId === undefined ? {} : { 'last-event-id': lastEventId },
  })
  let text = ''
  let asked = false
  for await (const chunk of answer.body ?? []) {
    text += Buffer.from(chunk).toString()
    if (!asked) await begun()
    asked = true
    const messages = [...text.matchAll(/^id: (.*)\nevent: upstream_error\ndata: (.*)\n\n/gm)]
    if (messages.length < count) continue
    return messages.map(([, id = '', data = '']) => ({ id, requestId: JSON.parse(data).request_id }))
  }
  throw new Error(`the tail ended with: ${text}`)
}

it('a tail goes on after its last event when the sidecar was restarted in between, without a repetition', async () => {
  const directory = await temporaryDirectory()
  let sidecar = await startTestSidecar(directory.path)
  const [first] = await follow(sidecar, 1, undefined, () => send(sidecar, 'before'))
  expect(first?.requestId).toBe('before')
  await send(sidecar, 'missed')
  await sidecar.stop()
  sidecar = await startTestSidecar(directory.path)
  const rest = await follow(sidecar, 2, first?.id, () => send(sidecar, 'after'))
  expect(rest.map(({ requestId }) => requestId)).toEqual(['missed', 'after'])
  await sidecar.stop()
  await directory.remove()
})
