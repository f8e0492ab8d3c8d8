import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { loadConfig } from '../../src/config.ts'
import { settings } from '../../src/config-schema.ts'

function lines(file: string): string[] {
  return readFileSync(new URL(`../../deploy/systemd/${file}`, import.meta.url), 'utf8').split('\n')
}

/** `NAME=value` lines, those behind a `#` too. */
function variablesOf(texts: readonly string[]): Record<string, string> {
  const pairs = texts.map((line) => /^#?(OPS_\w+)=(.*)$/.exec(line))
  return Object.fromEntries(pairs.filter((pair) => pair !== null).map(([, name, value]) => [name, value]))
}

const unit = lines('ops-sidecar.service')

describe('the systemd service', () => {
  it('names settings that there are, with values that are allowed', () => {
    const inUnit = unit.filter((line) => line.startsWith('Environment=')).map((line) => line.slice(12))
    const variables = variablesOf([...inUnit, ...lines('ops-sidecar.env')])
    const known = Object.values(settings).map(({ env }) => env as string)
    expect(known).toEqual(expect.arrayContaining(Object.keys(variables)))
    expect(loadConfig(variables)).toMatchObject({
      dataDir: '/var/lib/ops-sidecar',
      retentionMs: 30 * 86_400_000,
    })
  })

  it('waits longer for the end than the sidecar takes to deliver what it holds', () => {
    const seconds = /^TimeoutStopSec=(\d+)$/m.exec(unit.join('\n'))?.[1]
    expect(Number(seconds) * 1000).toBeGreaterThan(settings.shutdownTimeoutMs.fallback)
  })
})
