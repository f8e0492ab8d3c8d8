import type { Config } from '../config.ts'
import { type Setting, type SettingKey, settings } from '../config-schema.ts'

/** Settings that differ from their defaults, by variable; secrets as `[set]`. */
export function changedSettings(config: Config): Record<string, unknown> {
  const changed: Record<string, unknown> = {}
  for (const [key, setting] of Object.entries(settings) as [SettingKey, Setting<unknown>][]) {
    if (JSON.stringify(config[key]) === JSON.stringify(setting.fallback)) continue
    changed[setting.env] = setting.secret ? '[set]' : config[key]
  }
  return changed
}
