import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

export const builderConfig = join(import.meta.dirname, 'builder.yaml')

/** Where the collector of this builder.yaml is built: outside of the tree, once for each version of the file. */
export function collectorDirectory(): string {
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), '.cache')
  const version = createHash('sha256').update(readFileSync(builderConfig)).digest('hex').slice(0, 12)
  return join(cache, 'ops-sidecar', `otelcol-${version}`)
}

/** Its program, or undefined while it is not built. */
export function builtCollector(): string | undefined {
  const program = join(collectorDirectory(), 'otelcol-ops')
  return existsSync(program) ? program : undefined
}
