import { createServer } from 'node:http'
import { expect, it, onTestFinished } from 'vitest'
import { createGateway } from '../../examples/gateway/gateway.ts'
import { generateTraffic } from '../../examples/gateway/traffic.ts'
import { createExpressGateway } from '../../examples/gateway-express/gateway.ts'
import { platforms } from '../../examples/upstreams/outcomes.ts'
import { startFakeUpstreams } from '../../examples/upstreams/start-fake-upstreams.ts'
import { captureTelemetry } from './capture-telemetry.ts'
import { listen } from './loopback-server.ts'

async function startFastify(upstreamBaseUrl: string): Promise<string> {
  const gateway = createGateway({ upstreamBaseUrl })
  onTestFinished(() => gateway.close())
  return gateway.listen({ port: 0, host: '127.0.0.1' })
}

async function startExpress(upstreamBaseUrl: string): Promise<string> {
  return listen(createServer(createExpressGateway({ upstreamBaseUrl })))
}

it.each([
  ['Fastify', startFastify],
  ['Express', startExpress],
])(
  'traffic through the example gateway on %s meets every failure, and each has its record',
  async (_name, start) => {
    const capture = await captureTelemetry()
    const upstreams = await startFakeUpstreams({ seed: 1, latencyMs: 1 })
    onTestFinished(() => upstreams.close())
    const gatewayUrl = await start(upstreams.url('openai').replace('/openai', ''))
    const traffic = await generateTraffic({ gatewayUrl, count: 200, requestsPerSecond: 200 })
    expect(traffic.sent).toBe(200)

    const events = await capture.upstreamErrors()
    const seen = new Set(
      events.map(
        ({ attributes }) =>
          `${attributes['gen_ai.provider.name']} ${attributes['http.response.status_code']}`,
      ),
    )
    for (const platform of platforms) {
      expect(seen).toContain(`${platform} 429`)
      expect(seen).toContain(`${platform} 500`)
      expect(seen).toContain(`${platform} 0`)
    }
    expect(seen).toContain('anthropic 529')
    expect(seen).toContain('antigravity 529')
    expect(events.some(({ attributes }) => attributes['ops.upstream.stream_phase'] === 'mid_stream')).toBe(
      true,
    )

    const failures = [...upstreams.counts].filter(
      ([key]) => !/ (success|stream_error|stream_break)$/.test(key),
    )
    const failed = failures.reduce((sum, [, count]) => sum + count, 0)
    const midStream = events.filter(
      ({ attributes }) => attributes['ops.upstream.error.kind'] === 'stream_error',
    )
    expect(events.length - midStream.length).toBe(failed)

    const requestErrors = await capture.requestErrors()
    const answered = requestErrors.filter(({ attributes }) => attributes['http.response.status_code'] !== 200)
    const failedAnswers = [...traffic.byStatus].filter(([status]) => status >= 400)
    expect(answered.length).toBe(failedAnswers.reduce((sum, [, count]) => sum + count, 0))
    // A stream that broke or carried an error had been answered with 200.
    expect(requestErrors.length - answered.length).toBe(midStream.length)
  },
)
