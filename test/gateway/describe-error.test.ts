import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { describeError, isCallerAbort } from '../../src/gateway/describe-error.ts'

const body = { error: { message: 'no capacity' } }

describe('describeError', () => {
  it('reads an axios error', () => {
    const error = Object.assign(new Error('Request failed with status code 503'), {
      isAxiosError: true,
      code: 'ERR_BAD_RESPONSE',
      config: { baseURL: 'https://api.openai.com/', url: '/v1/models', method: 'get' },
      response: { status: 503, headers: { 'X-Request-Id': 'r' }, data: body },
    })
    expect(describeError(error)).toMatchObject({
      statusCode: 503,
      body,
      headers: { 'X-Request-Id': 'r' },
      url: 'https://api.openai.com/v1/models',
    })
  })

  it('reads a got error', () => {
    const response = { statusCode: 502, headers: {}, body: '<html>', url: 'https://example.com/' }
    expect(describeError(Object.assign(new Error('Response code 502'), { response }))).toMatchObject({
      statusCode: 502,
      body: '<html>',
      url: 'https://example.com/',
    })
  })

  it('reads an error of the AWS SDK', () => {
    const error = Object.assign(new Error('Too many requests'), {
      name: 'ThrottlingException',
      $metadata: { httpStatusCode: 429, requestId: 'aws-1' },
    })
    expect(describeError(error)).toMatchObject({
      statusCode: 429,
      errorType: 'ThrottlingException',
      upstreamRequestId: 'aws-1',
      message: 'Too many requests',
    })
  })

  it("reads an error of Google's SDK, whose message is the body", () => {
    const error = Object.assign(new Error(JSON.stringify(body)), { name: 'ApiError', status: 429 })
    expect(describeError(error)).toMatchObject({ statusCode: 429, body: JSON.stringify(body) })
  })

  it('reads a dual-stack connection error, whose codes are in an AggregateError', () => {
    const cause = new AggregateError([
      Object.assign(new Error('connect ECONNREFUSED ::1:443'), { code: 'ECONNREFUSED' }),
    ])
    expect(describeError(new TypeError('fetch failed', { cause }))).toMatchObject({
      statusCode: 0,
      errorCode: 'ECONNREFUSED',
      message: 'fetch failed: connect ECONNREFUSED ::1:443',
    })
  })

  it('gives text for anything that is no object', () => {
    expect(describeError('upstream is gone')).toEqual({ statusCode: 0, message: 'upstream is gone' })
  })

  it('does not throw or run on, whatever it is given', () => {
    const cyclic: { cause?: unknown } = {}
    cyclic.cause = cyclic
    expect(describeError(cyclic).statusCode).toBe(0)
    const keys = [
      'status',
      'statusCode',
      'headers',
      'response',
      'error',
      'body',
      'cause',
      'code',
      '$metadata',
      'name',
    ]
    const shapes = fc.dictionary(fc.constantFrom(...keys), fc.anything({ withNullPrototype: true }))
    fc.assert(
      fc.property(fc.oneof(fc.anything(), shapes), (error) => {
        const { statusCode } = describeError(error)
        expect(statusCode === 0 || (statusCode >= 100 && statusCode <= 999)).toBe(true)
      }),
      { numRuns: 2_000 },
    )
  })
})

describe('isCallerAbort', () => {
  it('tells an abort from a timeout', async () => {
    const aborted = AbortSignal.abort()
    expect(isCallerAbort(aborted.reason)).toBe(true)
    expect(isCallerAbort(new DOMException('', 'TimeoutError'))).toBe(false)
  })
})
