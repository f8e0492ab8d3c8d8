import { createRequire } from 'node:module'
import type { Static, TSchema } from 'typebox'
import { OpsError } from './errors.ts'

const require = createRequire(import.meta.url)

/**
 * The content of a configuration file, when it is as the schema says.
 * @param what the setting and the file, for the message.
 * @throws OpsError `invalid_config` that names the place, never the content.
 */
export function expectShape<Schema extends TSchema>(
  schema: Schema,
  content: unknown,
  what: string,
): Static<Schema> {
  // Loaded only where there is such a file: it takes 7 MB, which a sidecar without one can do without.
  const { Value } = require('typebox/value') as typeof import('typebox/value')
  if (Value.Check(schema, content)) return content as Static<Schema>
  const [problem] = Value.Errors(schema, content)
  throw new OpsError('invalid_config', `${what}: ${problem?.instancePath || '/'} ${problem?.message}`)
}
