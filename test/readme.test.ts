import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from './support/eventually.ts'
import { startTestSidecar, type TestSidecar, temporaryDirectory } from './support/sidecar.ts'

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
const shellBlocks = [...readme.matchAll(/```sh\n([\s\S]*?)```/g)].map((match) => match[1] ?? '')

let directory: Awaited<ReturnType<typeof temporaryDirectory>>
let sidecar: TestSidecar
beforeAll(async () => {
  directory = await temporaryDirectory()
  sidecar = await startTestSidecar(directory.path)
})
afterAll(async () => {
  await sidecar.stop()
  await directory.remove()
})

/** Runs a block of the README against this test's ports. */
async function sh(block: string | undefined): Promise<string> {
  const here = (block ?? '')
    .replaceAll('127.0.0.1:4318', `127.0.0.1:${sidecar.otlpPort}`)
    .replaceAll('127.0.0.1:4380', `127.0.0.1:${sidecar.apiPort}`)
  return (await promisify(execFile)('bash', ['-c', here])).stdout
}

describe('the README', () => {
  it('starts and tests with one command each', () => {
    expect(shellBlocks[0]?.trim()).toBe('npm ci && npm start')
    expect(shellBlocks[1]?.trim()).toBe('npm ci && npm test')
  })

  it('shows a curl that sends an event and one that finds it', async () => {
    const [send, find] = shellBlocks.filter((block) => block.includes('curl'))
    expect(await sh(send)).toBe('{}')
    await eventually(async () => {
      const answer = JSON.parse(await sh(find)) as { events: unknown[] }
      expect(answer.events).toMatchObject([
        {
          request_id: 'req-1',
          platform: 'openai',
          status_code: 429,
          account_id: '17',
          retry_after_ms: 20_000,
        },
      ])
    })
  })
})
