import { describe, expect, it } from 'vitest'
import { flagOf, loadConfig, unknownVariables } from '../src/config.ts'
import { settings } from '../src/config-schema.ts'

describe('loadConfig', () => {
  it('takes flags over the environment over defaults, and freezes the result', () => {
    const config = loadConfig({ OPS_OTLP_PORT: '1', OPS_API_PORT: '2' }, { apiPort: '3' })
    expect(config).toMatchObject({ otlpPort: 1, apiPort: 3, otlpHost: '127.0.0.1' })
    expect(Object.isFrozen(config)).toBe(true)
  })

  it.each([
    ['OPS_OTLP_PORT', '70000', 'a port from 0 to 65535'],
    ['OPS_OTLP_PORT', 'http', 'a port'],
    ['OPS_CLICKHOUSE_URL', 'localhost:8123', 'an http:// or https:// URL'],
    ['OPS_CLICKHOUSE_URL', 'http://user:pw@localhost:8123', 'without user and password'],
    ['OPS_BATCH_MAX_WAIT', '5', 'a duration'],
    ['OPS_JOURNAL_MAX_BYTES', '1XiB', 'a size'],
    ['OPS_LOG_LEVEL', 'loud', 'one of fatal'],
    ['OPS_CLICKHOUSE_DATABASE', 'a b', 'letters, digits and _'],
    ['OPS_EXCEPTION_EVENTS', 'maybe', 'true or false'],
  ])('refuses %s=%s, naming key, value and what is allowed', (name, value, allowed) => {
    expect(() => loadConfig({ [name]: value })).toThrow(
      expect.objectContaining({
        code: 'invalid_config',
        message: expect.stringContaining(`${name}: "${value}"`),
      }),
    )
    expect(() => loadConfig({ [name]: value })).toThrow(allowed)
  })

  it('names the flag when the flag is wrong', () => {
    expect(() => loadConfig({}, { otlpPort: 'x' })).toThrow('--otlp-port: "x"')
  })

  it('reads sizes and durations with their units', () => {
    const config = loadConfig({
      OPS_OTLP_MAX_BODY_BYTES: '2MiB',
      OPS_BATCH_MAX_WAIT: '2s',
      OPS_RETENTION: '90d',
    })
    expect(config).toMatchObject({
      otlpMaxBodyBytes: 2_097_152,
      batchMaxWaitMs: 2000,
      retentionMs: 7_776_000_000,
    })
  })

  it('reports OPS_ variables that are no settings', () => {
    expect(unknownVariables({ OPS_OTLP_PROT: '1', OPS_API_PORT: '2', HOME: '/' })).toEqual(['OPS_OTLP_PROT'])
  })

  it('gives every setting its own variable and flag', () => {
    const names = Object.values(settings).map((setting) => setting.env)
    expect(new Set(names).size).toBe(names.length)
    expect(flagOf('OPS_OTLP_MAX_BODY_BYTES')).toBe('--otlp-max-body-bytes')
  })
})
