import { execFileSync } from 'node:child_process'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { temporaryDirectory } from '../support/sidecar.ts'

const root = new URL('../..', import.meta.url).pathname
let directory: Awaited<ReturnType<typeof temporaryDirectory>>

/** A project that has the package's build installed. */
beforeAll(async () => {
  directory = await temporaryDirectory()
  const installed = join(directory.path, 'node_modules', 'ops-sidecar')
  mkdirSync(installed, { recursive: true })
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
  execFileSync(process.execPath, [tsc, '-p', 'tsconfig.build.json', '--outDir', join(installed, 'dist')], {
    cwd: root,
  })
  execFileSync(
    process.execPath,
    [tsc, '-p', 'tsconfig.gateway-cjs.json', '--outDir', join(installed, 'dist/cjs')],
    { cwd: root },
  )
  writeFileSync(join(installed, 'dist/cjs/package.json'), '{"type":"commonjs"}')
  execFileSync('cp', [join(root, 'package.json'), installed])
  symlinkSync(
    join(root, 'node_modules', '@opentelemetry'),
    join(directory.path, 'node_modules', '@opentelemetry'),
  )
}, 120_000)
afterAll(() => directory.remove())

/** Runs a script of that project. */
function run(file: string, script: string): string {
  writeFileSync(join(directory.path, file), script)
  return execFileSync(process.execPath, [join(directory.path, file)], { encoding: 'utf8' }).trim()
}

describe('the published SDK', () => {
  it('loads as ESM and as CommonJS with the same exports, and with @opentelemetry packages alone', () => {
    const fromEsm = run(
      'a.mjs',
      `import * as sdk from 'ops-sidecar/gateway'; console.log(Object.keys(sdk).sort().join())`,
    )
    const fromCjs = run('a.cjs', `console.log(Object.keys(require('ops-sidecar/gateway')).sort().join())`)
    expect(fromEsm).toContain('recordUpstreamError')
    expect(fromCjs).toBe(fromEsm)
  })

  it('brings types for both', () => {
    writeFileSync(
      join(directory.path, 'use.mts'),
      `import { recordUpstreamError } from 'ops-sidecar/gateway'\nrecordUpstreamError(new Error('x'), { platform: 'openai' })\n`,
    )
    writeFileSync(
      join(directory.path, 'use.cts'),
      `import sdk = require('ops-sidecar/gateway')\nsdk.recordUpstreamError(new Error('x'), { platform: 'openai' })\n`,
    )
    const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
    const options = [
      '--noEmit',
      '--strict',
      '--module',
      'nodenext',
      '--skipLibCheck',
      '--types',
      '',
      'use.mts',
      'use.cts',
    ]
    expect(() =>
      execFileSync(process.execPath, [tsc, ...options], { cwd: directory.path, stdio: 'pipe' }),
    ).not.toThrow()
  })
})
