import { afterEach, describe, expect, it } from 'vitest'
import { post } from '../support/otlp.ts'
import { startTestSidecar, type TestSidecar, temporaryDirectory } from '../support/sidecar.ts'

const directory = await temporaryDirectory()
let sidecar: TestSidecar | undefined
afterEach(() => sidecar?.stop())

const preflight = (url: string, origin: string) =>
  fetch(`${url}/v1/traces`, {
    method: 'OPTIONS',
    headers: {
      origin,
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'content-type',
    },
  })

describe('CORS of the receiver', () => {
  it('is off by default', async () => {
    sidecar = await startTestSidecar(directory.path)
    expect((await preflight(sidecar.otlpUrl, 'https://app.example')).status).toBe(405)
    const answer = await post(`${sidecar.otlpUrl}/v1/traces`, '{}', { origin: 'https://app.example' })
    expect(answer.headers.get('access-control-allow-origin')).toBeNull()
  })

  it('lets the configured origins in, and no others', async () => {
    sidecar = await startTestSidecar(directory.path, { otlpCorsOrigins: ['https://app.example'] })
    const allowed = await preflight(sidecar.otlpUrl, 'https://app.example')
    expect(allowed.status).toBe(204)
    expect(allowed.headers.get('access-control-allow-origin')).toBe('https://app.example')
    expect(allowed.headers.get('access-control-allow-methods')).toBe('POST')
    const foreign = await preflight(sidecar.otlpUrl, 'https://evil.example')
    expect(foreign.headers.get('access-control-allow-origin')).toBeNull()
    const answer = await post(`${sidecar.otlpUrl}/v1/traces`, '{}', { origin: 'https://app.example' })
    expect(answer.status).toBe(200)
    expect(answer.headers.get('access-control-allow-origin')).toBe('https://app.example')
  })
})
