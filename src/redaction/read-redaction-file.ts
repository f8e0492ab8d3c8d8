import { readFileSync } from 'node:fs'
import { Type } from 'typebox'
import type { Config } from '../config.ts'
import { OpsError } from '../errors.ts'
import { expectShape } from '../expect-shape.ts'
import { bodyModes, RedactionOptionsError, type Redactor } from './create-redactor.ts'
import { createConfiguredRedactor, defaultRedaction, type RedactionSettings } from './redaction-settings.ts'
import { UserRuleError } from './user-rules.ts'

const bodyMode = Type.Union(bodyModes.map((mode) => Type.Literal(mode)))
const texts = Type.Array(Type.String({ maxLength: 10_000 }), { maxItems: 100 })

const fileSchema = Type.Object(
  {
    /** Modes of bodies by platform, over OPS_BODY_MODE. */
    bodies: Type.Optional(Type.Record(Type.String(), bodyMode)),
    phone_and_ip: Type.Optional(Type.Boolean()),
    disabled_rules: Type.Optional(texts),
    rules: Type.Optional(
      Type.Array(
        Type.Object(
          {
            id: Type.String(),
            pattern: Type.String(),
            ignore_case: Type.Optional(Type.Boolean()),
            /** Texts in which the rule must find something, and others in which it must not: checked at the start. */
            catches: Type.Optional(texts),
            leaves: Type.Optional(texts),
          },
          { additionalProperties: false },
        ),
      ),
    ),
  },
  { additionalProperties: false },
)
type RedactionFile = Type.Static<typeof fileSchema>

export type RedactionConfig = Pick<Config, 'redactionFile' | 'redactionHmacKeyFile' | 'bodyMode'>

const minKeyCharacters = 16

/**
 * The settings of redaction as configured, tried out: patterns compile, examples are caught and left alone.
 * @throws OpsError `invalid_config` that names the file and the rule.
 */
export function readRedactionSettings(config: RedactionConfig): RedactionSettings {
  const file = config.redactionFile === '' ? {} : readFile(config.redactionFile)
  const settings: RedactionSettings = {
    ...defaultRedaction,
    bodies: {
      default: config.bodyMode,
      byPlatform: new Map(
        Object.entries(file.bodies ?? {}).map(([platform, mode]) => [platform.toLowerCase(), mode]),
      ),
    },
    phoneAndIp: file.phone_and_ip ?? false,
    disabledRules: file.disabled_rules ?? [],
    rules: (file.rules ?? []).map(({ id, pattern, ignore_case: ignoreCase = false }) => ({
      id,
      pattern,
      ignoreCase,
    })),
    ...(config.redactionHmacKeyFile === '' ? {} : { hmacKey: readKey(config.redactionHmacKeyFile) }),
  }
  checkExamples(tryOut(settings), file, config.redactionFile)
  return settings
}

function tryOut(settings: RedactionSettings): Redactor {
  try {
    return createConfiguredRedactor(settings)
  } catch (error) {
    if (!(error instanceof RedactionOptionsError || error instanceof UserRuleError)) throw error
    throw new OpsError('invalid_config', `redaction: ${error.message}`, { cause: error })
  }
}

function checkExamples(redactor: Redactor, { rules = [] }: RedactionFile, path: string): void {
  for (const { id, catches = [], leaves = [] } of rules) {
    const finds = (text: string): boolean => redactor.text(text).includes(`[REDACTED:${id}`)
    const missed = catches.findIndex((text) => !finds(text))
    if (missed >= 0)
      throw new OpsError(
        'invalid_config',
        `OPS_REDACTION_FILE: ${path}: rule "${id}" does not catch catches[${missed}]`,
      )
    const wrong = leaves.findIndex(finds)
    if (wrong >= 0)
      throw new OpsError(
        'invalid_config',
        `OPS_REDACTION_FILE: ${path}: rule "${id}" finds something in leaves[${wrong}]`,
      )
  }
}

function readFile(path: string): RedactionFile {
  const text = readText('OPS_REDACTION_FILE', path)
  let content: unknown
  try {
    content = JSON.parse(text)
  } catch (cause) {
    throw new OpsError('invalid_config', `OPS_REDACTION_FILE: ${path} is not JSON`, { cause })
  }
  return expectShape(fileSchema, content, `OPS_REDACTION_FILE: ${path}`)
}

function readKey(path: string): string {
  const key = readText('OPS_REDACTION_HMAC_KEY_FILE', path).trim()
  if (key.length < minKeyCharacters)
    throw new OpsError(
      'invalid_config',
      `OPS_REDACTION_HMAC_KEY_FILE: ${path}: a key has at least ${minKeyCharacters} characters`,
    )
  return key
}

function readText(name: string, path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    throw new OpsError(
      'invalid_config',
      `${name}: ${path} cannot be read: ${(cause as NodeJS.ErrnoException).code}`,
      { cause },
    )
  }
}
