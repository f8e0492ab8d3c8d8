import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { configurationDocs, defaultText } from '../docs/build-configuration.ts'
import { type Setting, type SettingKey, settings } from '../src/config-schema.ts'

describe('docs/configuration.md', () => {
  it('is what npm run docs:build writes', () => {
    const written = readFileSync(new URL('../docs/configuration.md', import.meta.url), 'utf8')
    expect(written).toBe(configurationDocs())
  })

  it('tells defaults that can be given as they stand', () => {
    for (const [key, setting] of Object.entries(settings) as [SettingKey, Setting<unknown>][]) {
      const text = defaultText(key, setting)
      if (text !== '') expect(setting.parse(text), setting.env).toEqual(setting.fallback)
    }
  })
})
