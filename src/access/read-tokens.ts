import { readFileSync } from 'node:fs'
import { Type } from 'typebox'
import { OpsError } from '../errors.ts'
import { expectShape } from '../expect-shape.ts'
import { scopes, type TokenEntry } from './token.ts'

const fileSchema = Type.Object(
  {
    tokens: Type.Array(
      Type.Object(
        {
          name: Type.String({ minLength: 1, maxLength: 100 }),
          sha256: Type.String({ pattern: '^[0-9a-f]{64}$' }),
          scopes: Type.Array(Type.Union(scopes.map((scope) => Type.Literal(scope))), { minItems: 1 }),
          service_namespaces: Type.Optional(
            Type.Array(Type.String({ minLength: 1, maxLength: 256 }), { minItems: 1, maxItems: 100 }),
          ),
        },
        { additionalProperties: false },
      ),
    ),
  },
  { additionalProperties: false },
)

/**
 * The entries of a tokens file: `{"tokens": [{"name", "sha256", "scopes", "service_namespaces"?}]}`, as `ops-sidecar token create` prints them.
 * @throws OpsError `invalid_config` that names the place, never the content.
 */
export function readTokens(path: string): readonly TokenEntry[] {
  if (path === '') return []
  let content: unknown
  try {
    content = JSON.parse(readFileSync(path, 'utf8'))
  } catch (cause) {
    const why = (cause as NodeJS.ErrnoException).code ?? 'it is not JSON'
    throw new OpsError('invalid_config', `OPS_TOKENS_FILE: ${path} cannot be read: ${why}`, { cause })
  }
  return expectShape(fileSchema, content, `OPS_TOKENS_FILE: ${path}`).tokens
}
