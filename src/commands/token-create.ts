import { createToken, type Scope, scopes } from '../access/token.ts'
import { OpsError } from '../errors.ts'

/** Prints a new token, once, and the entry of it for the tokens file. */
export function printNewToken(
  name: string,
  wanted: readonly string[],
  serviceNamespaces: readonly string[] = [],
): void {
  const unknown = wanted.find((scope) => !scopes.some((known) => known === scope))
  if (unknown !== undefined) {
    throw new OpsError(
      'invalid_config',
      `--scope: ${JSON.stringify(unknown)} is none of ${scopes.join(', ')}`,
    )
  }
  const { token, entry } = createToken(name, wanted as Scope[], serviceNamespaces)
  process.stdout.write(
    `token, shown only now:\n${token}\n\nentry for OPS_TOKENS_FILE ({"tokens": [...]}):\n${JSON.stringify(entry)}\n`,
  )
}
