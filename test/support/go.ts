import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const execute = promisify(execFile)

/** Why programs of Go cannot be built here, or undefined. */
export async function goIsMissing(): Promise<string | undefined> {
  try {
    await execute('go', ['version'])
    return undefined
  } catch {
    return 'Go is not installed'
  }
}

/** Builds the program of a directory; Go's own cache makes it quick from the second time on. */
export async function buildGoProgram(directory: string, output: string): Promise<void> {
  await execute('go', ['build', '-o', output, '.'], {
    cwd: directory,
    env: { ...process.env, CGO_ENABLED: '0', GOFLAGS: '-buildvcs=false -mod=readonly' },
  })
}
