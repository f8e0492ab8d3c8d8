/** `npm run docs:build` writes docs/configuration.md from the settings that the program has. */
import { writeFileSync } from 'node:fs'
import { flagOf } from '../src/config.ts'
import { type Setting, type SettingKey, settings } from '../src/config-schema.ts'

const introduction = `# Configuration

Generated from \`src/config-schema.ts\` by \`npm run docs:build\`.

Every setting is an environment variable and a flag of \`ops-sidecar\`; the flag wins. An empty variable counts as not
set. What is not allowed keeps the sidecar from starting, with the setting's name, its value and what is allowed;
\`OPS_\` variables that are no setting are warned of. \`ops-sidecar --check\` prints what a start would use.

| variable | flag | default | allowed | what it does |
|---|---|---|---|---|
`

const byteUnits = [
  ['GiB', 2 ** 30],
  ['MiB', 2 ** 20],
  ['KiB', 2 ** 10],
] as const
const timeUnits = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
] as const

/** A default as it would be written in the environment. */
export function defaultText(key: SettingKey, { fallback }: Setting<unknown>): string {
  if (Array.isArray(fallback)) return fallback.join(',')
  if (typeof fallback !== 'number') return typeof fallback === 'object' ? '' : String(fallback)
  const [units, smallest] = key.endsWith('Ms')
    ? [timeUnits, 'ms']
    : key.endsWith('Bytes')
      ? [byteUnits, '']
      : [[], '']
  const [unit, size] = units.find(([, size]) => fallback > 0 && fallback % size === 0) ?? [smallest, 1]
  return `${fallback / size}${unit}`
}

export function configurationDocs(): string {
  const rows = (Object.entries(settings) as [SettingKey, Setting<unknown>][]).map(([key, setting]) => {
    const fallback = defaultText(key, setting)
    const cells = [
      `\`${setting.env}\``,
      `\`${flagOf(setting.env)}\``,
      fallback === '' ? '' : `\`${fallback}\``,
      setting.allowed,
      `${setting.description}${setting.secret ? ' Never printed.' : ''}`,
    ]
    return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |\n`
  })
  return introduction + rows.join('')
}

if (import.meta.main) writeFileSync(new URL('configuration.md', import.meta.url), configurationDocs())
