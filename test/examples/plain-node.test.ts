import { expect, it, onTestFinished } from 'vitest'
import { startTestSidecar, temporaryDirectory } from '../support/sidecar.ts'
import { plainNode, runPlainExample } from './plain-examples.ts'

it("the plain OpenTelemetry example in Node leaves one attempt and its request's failure", async () => {
  const directory = await temporaryDirectory()
  const sidecar = await startTestSidecar(directory.path)
  onTestFinished(async () => {
    await sidecar.stop()
    await directory.remove()
  })
  const { events, story } = await runPlainExample(plainNode, sidecar, directory.path)
  expect(events).toMatchObject([plainNode.expected])
  expect(story).toMatchObject({ outcome: 'failed', error: { status_code: 429, phase: 'upstream' } })
})
