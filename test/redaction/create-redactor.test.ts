import { describe, expect, it } from 'vitest'
import { createRedactor, RedactionOptionsError } from '../../src/redaction/create-redactor.ts'
import { compileUserRules } from '../../src/redaction/user-rules.ts'

const bodies = { default: 'redact', byPlatform: new Map() } as const
const redactor = createRedactor({ bodies })
const anthropicKey = `sk-ant-api03-${'aB3dE5fG7h'.repeat(9)}`

describe('headers', () => {
  it('keep every name and only the values that are known to be harmless', () => {
    const headers = '{"content-type":"text/html", "x-api-key": "abc","Set-Cookie":["a=b","c=d"] ,"x-n":12}'
    expect(redactor.headers(headers)).toBe(
      '{"content-type":"text/html", "x-api-key": "[REDACTED:header]","Set-Cookie":"[REDACTED:header]" ,"x-n":"[REDACTED:header]"}',
    )
  })

  it('have secrets taken out of the values that are kept', () => {
    const redacted = redactor.headers(JSON.stringify({ via: `1.1 proxy ${anthropicKey}`, server: 'a' }))
    expect(JSON.parse(redacted)).toEqual({ via: '1.1 proxy [REDACTED:anthropic-key]', server: 'a' })
  })

  it('with a name that is escaped are not kept', () => {
    expect(redactor.headers('{"ser\\u0076er":"secret"}')).toBe('{"ser\\u0076er":"[REDACTED:header]"}')
  })

  it.each([
    ['{"server":"a","x-secret":"bc', '{"server":"a"}'],
    ['{"server":"a","x-secret":{"a":["b"', '{"server":"a"}'],
    ['{"server":"a"', '{"server":"a"}'],
    ['{"x-secret":"abc', '{}'],
    ['{', '{}'],
    ['x-secret: abc', '[REDACTED:header]'],
    ['["x-secret","abc"]', '[REDACTED:header]'],
    ['{"server":"a"} x-secret: abc', '{"server":"a"}'],
    ['{"server":"a" "x-secret":"abc"}', '{"server":"a"}'],
    ['{"x-secret":"a\\"b","server":"c"}', '{"x-secret":"[REDACTED:header]","server":"c"}'],
  ])('that are cut or malformed show nothing that was not looked at: %s', (headers, expected) => {
    expect(redactor.headers(headers)).toBe(expected)
  })

  it('that are clean are returned as they are', () => {
    const headers = JSON.stringify({
      'x-ratelimit-reset-tokens': '6m0s',
      'retry-after': '1',
      via: '1.1 google',
    })
    expect(redactor.headers(headers)).toBe(headers)
    expect(redactor.headers('')).toBe('')
  })

  it('of a map are treated alike', () => {
    const headers = redactor.headerMap([
      ['authorization', 'Bearer abc'],
      ['server', `a ${anthropicKey}`],
      ['__proto__', 'x'],
    ])
    expect([...headers]).toEqual([
      ['authorization', '[REDACTED:header]'],
      ['server', 'a [REDACTED:anthropic-key]'],
      ['__proto__', '[REDACTED:header]'],
    ])
  })
})

describe('URLs', () => {
  it.each([
    [
      'https://u:p@h/a?KEY=x&alt=sse#access_token=y',
      'https://[REDACTED:userinfo]@h/a?KEY=[REDACTED:query]&alt=sse#access_token=[REDACTED:query]',
    ],
    ['/v1beta/models?alt=sse&key=x', '/v1beta/models?alt=sse&key=[REDACTED:query]'],
    ['//u:p@h/a', '//[REDACTED:userinfo]@h/a'],
    ['u:p@h/a', '[REDACTED:userinfo]@h/a'],
    ['https://h/a?%6bey=x&b=1', 'https://h/a?%6bey=[REDACTED:query]&b=1'],
    [
      'https://h/a?X-Amz-Credential=AB%2F20261123&X-Amz-Signature=ab',
      'https://h/a?X-Amz-Credential=[REDACTED:query]&X-Amz-Signature=[REDACTED:query]',
    ],
    ['https://h/a?sig=a%26b%3D&se=2026', 'https://h/a?sig=[REDACTED:query]&se=2026'],
    ['https://h/a?refresh_token=a,b;c', 'https://h/a?refresh_token=[REDACTED:query]'],
  ])('keep names and lose secret values: %s', (url, expected) => {
    expect(redactor.url(url)).toBe(expected)
    expect(redactor.url(expected)).toBe(expected)
  })

  it.each(['api.openai.com', '[::1]:8080', '/v1/chat/completions', 'https://h:443/a?page=2', '/a:b/@c'])(
    'stay as they are: %s',
    (url) => {
      expect(redactor.url(url)).toBe(url)
    },
  )
})

describe('attributes', () => {
  it.each([
    ['db.password', 'correct horse', '[REDACTED:key-name]'],
    ['http.request.header.x-custom', 'a value', '[REDACTED:header]'],
    ['http.request.header.authorization', '["Bearer a"]', '[REDACTED:header]'],
    ['rpc.grpc.request.metadata.x-key', 'a value', '[REDACTED:header]'],
    [
      'http.response.headers',
      '{"x-of-mine":"abc","date":"now"}',
      '{"x-of-mine":"[REDACTED:header]","date":"now"}',
    ],
    ['http.request.headers', 'Cookie: a=b', '[REDACTED:header]'],
    ['app.authToken', 'abc', '[REDACTED:key-name]'],
    ['note', 'with password=hunter2 and more', 'with password=[REDACTED:key-name] and more'],
  ])('%s=%s', (key, value, expected) => {
    expect(redactor.attribute(key, value)).toBe(expected)
    expect(redactor.attribute(key, expected)).toBe(expected)
  })

  it.each([
    ['gen_ai.usage.input_tokens', '12345'],
    ['gen_ai.request.max_tokens', '4096'],
    ['ops.latency.auth_ms', '1234'],
    ['ops.api_key.id', 'key_1093'],
    ['http.response.header.retry-after', '12'],
    ['code.author', 'Jane'],
    ['token_type', 'access'],
    ['feature.auth', 'true'],
    ['db.password', ''],
  ])('%s=%s stays', (key, value) => {
    expect(redactor.attribute(key, value)).toBe(value)
  })
})

describe('identifiers', () => {
  it('lose secrets, and nothing that only has a name like one', () => {
    expect(redactor.identifier(anthropicKey)).toBe('[REDACTED:anthropic-key]')
    for (const name of ['xai-main', 'sk-team-7', 'token=7', 'openai-pool-3', 'hf_inference']) {
      expect(redactor.identifier(name)).toBe(name)
    }
  })
})

describe('bodies', () => {
  const modes = createRedactor({
    bodies: {
      default: 'redact',
      byPlatform: new Map([
        ['a', 'keep'],
        ['b', 'drop'],
        ['c', 'hash'],
      ] as const),
    },
    hmacKey: 'key',
  })
  const body = `{"key":"${anthropicKey}"}`

  it('are kept, dropped, hashed or redacted by platform', () => {
    expect(modes.body(body, 'a')).toBe(body)
    expect(modes.body(body, 'b')).toBe('')
    expect(modes.body(body, 'c')).toMatch(/^\[REDACTED:body:[0-9a-f]{12}\]$/)
    expect(modes.body(body, 'd')).toMatch(/^\{"key":"\[REDACTED:anthropic-key:[0-9a-f]{12}\]"\}$/)
  })

  it('that are hashed already keep their hash', () => {
    const once = modes.body(body, 'c')
    expect(modes.body(once, 'c')).toBe(once)
  })
})

describe('options', () => {
  it('switch rules off', () => {
    const lenient = createRedactor({ bodies, disabledRules: ['email', 'header'] })
    expect(lenient.text('a@b.example')).toBe('a@b.example')
    expect(lenient.headers('{"x-a":"b"}')).toBe('{"x-a":"b"}')
    expect(redactor.text('a@b.example')).toBe('[REDACTED:email]')
  })

  it('leave phone numbers and addresses unless they are asked for', () => {
    expect(redactor.text('203.0.113.7 +1 415 555 2671')).toBe('203.0.113.7 +1 415 555 2671')
    const strict = createRedactor({ bodies, phoneAndIp: true })
    expect(strict.text('203.0.113.7 +1 415 555 2671')).toBe('[REDACTED:ip] [REDACTED:phone]')
  })

  it.each([
    [{ bodies, disabledRules: ['nothing'] }, 'nothing'],
    [{ bodies: { default: 'hash', byPlatform: new Map() } as const }, 'key'],
    [{ bodies, hmacKey: '' }, 'empty'],
    [{ bodies, extraRules: [{ id: 'email', find: () => [] }] }, 'email'],
    [{ bodies, extraRules: [{ id: 'A B', find: () => [] }] }, 'A B'],
  ])('that cannot be are refused', (options, reason) => {
    expect(() => createRedactor(options)).toThrow(RedactionOptionsError)
    expect(() => createRedactor(options)).toThrow(reason)
  })

  it('add rules of the operator', () => {
    const extraRules = compileUserRules([
      { id: 'customer', pattern: 'cust-(\\d{4,})' },
      { id: 'project', pattern: 'project \\w+', ignoreCase: true },
    ])
    const own = createRedactor({ bodies, extraRules })
    const redacted = own.text('{"m":"cust-12345 of Project Zeus","n":"cu\\u0073t-99999"}')
    expect(redacted).toBe(
      '{"m":"cust-[REDACTED:customer] of [REDACTED:project]","n":"cu\\u0073t-[REDACTED:customer]"}',
    )
    expect(own.text(redacted)).toBe(redacted)
  })
})
