import { createClient } from '@clickhouse/client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '../../support/eventually.ts'
import { post, traceExport, upstreamError } from '../../support/otlp.ts'
import { startTestSidecar, type TestSidecar, temporaryDirectory } from '../../support/sidecar.ts'

let directory: Awaited<ReturnType<typeof temporaryDirectory>>
let sidecar: TestSidecar
beforeAll(async () => {
  directory = await temporaryDirectory()
  sidecar = await startTestSidecar(directory.path, { clickhouseHttp: true, clickhouseHttpPort: 0 })
})
afterAll(async () => {
  await sidecar.stop()
  await directory.remove()
})

const send = async (account: string) => {
  const body = traceExport([upstreamError({ 'ops.account.id': account })])
  expect((await post(`${sidecar.otlpUrl}/v1/traces`, body)).status).toBe(200)
}

describe('the HTTP interface beside a running sidecar', () => {
  it('reads what the sidecar stores, and changes nothing', async () => {
    const client = createClient({ url: `http://127.0.0.1:${sidecar.clickhouseHttpPort}` })
    const query =
      "SELECT account_id FROM ops_upstream_error_events WHERE account_id LIKE 'a%' ORDER BY account_id"
    const accounts = async () => (await client.query({ query, format: 'TabSeparated' })).text()
    await send('a1')
    await eventually(async () => expect(await accounts()).toEqual('a1\n'))
    await expect(client.command({ query: 'TRUNCATE TABLE ops_upstream_error_events' })).rejects.toMatchObject(
      {
        code: '164',
      },
    )
    await send('a2')
    await eventually(async () => expect(await accounts()).toEqual('a1\na2\n'))
    await client.close()
  })

  it('leaves the sidecar its own readers and writer, however busy it is', async () => {
    const url = `http://127.0.0.1:${sidecar.clickhouseHttpPort}/`
    const slow = Array.from({ length: 6 }, () =>
      fetch(url, {
        method: 'POST',
        body: 'SELECT sleepEachRow(1) FROM numbers(3) SETTINGS max_block_size = 1',
      }).then((response) => response.status),
    )
    await send('busy')
    await eventually(async () => {
      const answer = await fetch(`${sidecar.apiUrl}/api/v1/upstream-errors?from=now-1h&account_id=busy`)
      expect(((await answer.json()) as { events: unknown[] }).events).toHaveLength(1)
    }, 2500)
    await Promise.all(slow)
  })

  it('is refused where the store is a server', async () => {
    await expect(
      startTestSidecar(`${directory.path}/other`, {
        clickhouseHttp: true,
        clickhouseUrl: 'http://127.0.0.1:9',
      }),
    ).rejects.toMatchObject({ code: 'invalid_config' })
  })

  it('is refused beyond loopback without a password', async () => {
    await expect(
      startTestSidecar(`${directory.path}/another`, { clickhouseHttp: true, clickhouseHttpHost: '0.0.0.0' }),
    ).rejects.toMatchObject({ code: 'invalid_config' })
  })
})
