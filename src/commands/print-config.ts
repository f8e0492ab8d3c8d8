import type { Config } from '../config.ts'
import { type Setting, type SettingKey, settings } from '../config-schema.ts'

/** Prints the settings that a start would use, secrets as `[set]`. */
export function printConfig(config: Config): void {
  for (const [key, setting] of Object.entries(settings) as [SettingKey, Setting<unknown>][]) {
    const shown = setting.secret && config[key] !== '' ? '[set]' : config[key]
    process.stdout.write(`${setting.env}=${shown}\n`)
  }
}
