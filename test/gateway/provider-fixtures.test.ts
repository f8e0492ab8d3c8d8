import { expect, it } from 'vitest'
import { recordUpstreamError } from '../../src/gateway/index.ts'
import { parseProviderError } from '../../src/normalization/providers/parse-provider-error.ts'
import type { ProviderFailure } from '../../src/normalization/providers/provider-error.ts'
import { type Fixture, readFixtures } from '../normalization/providers/fixtures.ts'
import { captureTelemetry } from './capture-telemetry.ts'
import type { AttributeObject } from './otlp-receiver.ts'

const answers = readFixtures().filter(({ failure }) => failure.statusCode >= 400)
const headerPrefix = 'http.response.header.'

/** The failure as the sidecar's normalization reads it out of the event's attributes. */
function failureIn(attributes: AttributeObject, { failure }: Fixture): ProviderFailure {
  const headers = Object.entries(attributes)
    .filter(([name]) => name.startsWith(headerPrefix))
    .map(([name, value]) => [name.slice(headerPrefix.length), String(value)] as const)
  return {
    platform: String(attributes['gen_ai.provider.name']),
    statusCode: Number(attributes['http.response.status_code']),
    headers: new Map(headers),
    body: String(attributes['http.response.body.content'] ?? ''),
    errorType: String(attributes['error.type'] ?? ''),
    errorCode: String(attributes['ops.upstream.error.code'] ?? ''),
    message: String(attributes['exception.message'] ?? ''),
    kind: 'http_error',
    nowMs: failure.nowMs,
  }
}

it("every provider's error answer means the same after the SDK has taken it along", async () => {
  const capture = await captureTelemetry()
  for (const [attempt, { failure }] of answers.entries()) {
    const { platform, statusCode, body, errorType, errorCode, message } = failure
    const headers = Object.fromEntries(failure.headers)
    recordUpstreamError(
      { status: statusCode, headers },
      { platform, responseBody: body, errorType, errorCode, message, attempt },
    )
  }
  const events = await capture.upstreamErrors()
  expect(events).toHaveLength(answers.length)
  for (const [index, fixture] of answers.entries()) {
    const attributes = events[index]?.attributes ?? {}
    expect(parseProviderError(failureIn(attributes, fixture)), fixture.name).toMatchObject(fixture.expected)
  }
})
