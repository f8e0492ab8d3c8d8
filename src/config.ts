import { type Setting, type SettingKey, settings } from './config-schema.ts'
import { OpsError } from './errors.ts'

type ValueOf<Item> = Item extends Setting<infer Value> ? Value : never

/** The settings that the program runs with: validated and frozen. Durations in ms, sizes in bytes. */
export type Config = { readonly [Key in SettingKey]: ValueOf<(typeof settings)[Key]> }

/** The flag of a setting: OPS_OTLP_PORT is `--otlp-port`. */
export function flagOf(env: string): string {
  return `--${env.replace(/^OPS_/, '').toLowerCase().replaceAll('_', '-')}`
}

/**
 * Settings from defaults, then the environment, then flags; the later wins.
 * @param env the process's environment; an empty variable counts as not set.
 * @param flags texts by setting, as given on the command line.
 * @throws OpsError `invalid_config` that names key, value and what is allowed.
 */
export function loadConfig(
  env: Readonly<Record<string, string | undefined>>,
  flags: Partial<Record<SettingKey, string>> = {},
): Config {
  const config: Record<string, unknown> = {}
  for (const [key, setting] of Object.entries(settings) as [SettingKey, Setting<unknown>][]) {
    const flagText = flags[key]
    const envText = env[setting.env]
    if (flagText !== undefined) config[key] = parse(setting, flagOf(setting.env), flagText)
    else if (envText !== undefined && envText !== '') config[key] = parse(setting, setting.env, envText)
    else config[key] = setting.fallback
  }
  return Object.freeze(config) as Config
}

function parse(setting: Setting<unknown>, source: string, text: string): unknown {
  const value = setting.parse(text)
  if (value !== undefined) return value
  const shown = setting.secret ? 'the given value' : JSON.stringify(text)
  throw new OpsError('invalid_config', `${source}: ${shown} is not ${setting.allowed}`)
}

/** OPS_ variables that are no setting: worth a warning, as most are misspelled. */
export function unknownVariables(env: Readonly<Record<string, string | undefined>>): string[] {
  const known = new Set<string>(Object.values(settings).map((setting) => setting.env))
  return Object.keys(env).filter((name) => name.startsWith('OPS_') && !known.has(name))
}
