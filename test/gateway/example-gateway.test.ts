import { expect, it, onTestFinished } from 'vitest'
import { createGateway } from '../../examples/gateway/gateway.ts'
import { generateTraffic } from '../../examples/gateway/traffic.ts'
import { platforms } from '../../examples/upstreams/outcomes.ts'
import { startFakeUpstreams } from '../../examples/upstreams/start-fake-upstreams.ts'
import { captureTelemetry } from './capture-telemetry.ts'

it('a few seconds of traffic through the example gateway meet every failure, and each has its record', async () => {
  const capture = await captureTelemetry()
  const upstreams = await startFakeUpstreams({ seed: 1, latencyMs: 1 })
  const gateway = createGateway({ upstreamBaseUrl: upstreams.url('openai').replace('/openai', '') })
  onTestFinished(async () => {
    await gateway.close()
    await upstreams.close()
  })
  const gatewayUrl = await gateway.listen({ port: 0, host: '127.0.0.1' })
  const traffic = await generateTraffic({ gatewayUrl, count: 200, requestsPerSecond: 200 })
  expect(traffic.sent).toBe(200)

  const events = await capture.upstreamErrors()
  const seen = new Set(
    events.map(
      ({ attributes }) => `${attributes['gen_ai.provider.name']} ${attributes['http.response.status_code']}`,
    ),
  )
  for (const platform of platforms) {
    expect(seen).toContain(`${platform} 429`)
    expect(seen).toContain(`${platform} 500`)
    expect(seen).toContain(`${platform} 0`)
  }
  expect(seen).toContain('anthropic 529')
  expect(seen).toContain('antigravity 529')
  expect(events.some(({ attributes }) => attributes['ops.upstream.stream_phase'] === 'mid_stream')).toBe(true)

  const failures = [...upstreams.counts].filter(([key]) => !/ (success|stream_error|stream_break)$/.test(key))
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
})
