import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect, it } from 'vitest'
import { eventually } from './support/eventually.ts'
import { temporaryDirectory } from './support/sidecar.ts'

it('ends in order when npm is asked to end: no shell stands between them', async () => {
  const directory = await temporaryDirectory()
  const npm = spawn('npm', ['start'], {
    cwd: new URL('..', import.meta.url).pathname,
    env: {
      ...process.env,
      OPS_DATA_DIR: directory.path,
      OPS_OTLP_PORT: '0',
      OPS_OTLP_GRPC_PORT: '0',
      OPS_API_PORT: '0',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  })
  let output = ''
  npm.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text
  })
  // It closes when the last writer of its pipe has ended, which is the sidecar.
  let hasEnded = false
  npm.once('close', () => {
    hasEnded = true
  })
  try {
    await eventually(async () => expect(output).toContain('/api/v1/upstream-errors'))
    npm.kill('SIGTERM')
    await eventually(async () => expect(hasEnded).toBe(true))
    expect(npm.exitCode).toBe(0)
  } finally {
    if (!hasEnded) process.kill(-(npm.pid as number), 'SIGKILL')
    if (npm.exitCode === null && npm.signalCode === null) await once(npm, 'exit')
    await directory.remove()
  }
})
