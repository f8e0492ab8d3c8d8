import { spawnSync } from 'node:child_process'
import { globSync, statSync } from 'node:fs'
import { join } from 'node:path'

const root = new URL('../../..', import.meta.url).pathname
const built = join(root, 'dist/console/index.html')

/** Builds the console when its sources are newer than its build: what is tested is what is there. */
export function buildConsole(): void {
  const builtMs = statSync(built, { throwIfNoEntry: false })?.mtimeMs ?? 0
  const sources = globSync(['src/console/**', 'package-lock.json'], { cwd: root })
  if (sources.every((file) => statSync(join(root, file)).mtimeMs < builtMs)) return
  const vite = join(root, 'node_modules/vite/bin/vite.js')
  const { status, stderr } = spawnSync(
    process.execPath,
    [vite, 'build', 'src/console', '--logLevel', 'warn'],
    {
      cwd: root,
      encoding: 'utf8',
    },
  )
  if (status !== 0) throw new Error(`the console could not be built:\n${stderr}`)
}

/** Once, before all tests. */
export { buildConsole as setup }
