import { execFileSync, spawnSync } from 'node:child_process'
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
  for (const name of ['@opentelemetry', '@types', 'fastify']) {
    symlinkSync(join(root, 'node_modules', name), join(directory.path, 'node_modules', name))
  }
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

  it('brings types for both, which fit those of Fastify and Express', () => {
    const use = `
      startTelemetry({ serviceName: 'gateway', recording: { emit: 'log' } })
      const upstreamFetch: typeof fetch = instrumentFetch(fetch)
      Fastify().register(fastifyUpstreamErrors, { fields: (request) => ({ clientIp: request.ip }) })
      const app = express()
      app.use(expressUpstreamErrors({ fields: (request) => ({ userAgent: request.headers['user-agent'] }) }))
      app.post('/', async () => void (await upstreamFetch('https://api.openai.com/')))
      recordUpstreamError(new Error('x'), { platform: 'openai', accountId: 7n })
      // @ts-expect-error: not a field
      recordUpstreamError(new Error('x'), { acountId: 7 })
    `
    const names =
      'expressUpstreamErrors, fastifyUpstreamErrors, instrumentFetch, recordUpstreamError, startTelemetry'
    const esm = `import express from 'express'\nimport Fastify from 'fastify'\nimport { ${names} } from 'ops-sidecar/gateway'\n`
    const cjs = `import express = require('express')\nimport Fastify = require('fastify')\nimport sdk = require('ops-sidecar/gateway')\nconst { ${names} } = sdk\n`
    writeFileSync(join(directory.path, 'use.mts'), esm + use)
    writeFileSync(
      join(directory.path, 'use.cts'),
      cjs.replace('Fastify = require', 'fastifyModule = require') +
        'const Fastify = fastifyModule.fastify\n' +
        use,
    )
    const options = [
      '--noEmit',
      '--strict',
      '--module',
      'nodenext',
      '--skipLibCheck',
      '--types',
      'node',
      'use.mts',
      'use.cts',
    ]
    const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
    const checked = spawnSync(process.execPath, [tsc, ...options], { cwd: directory.path, encoding: 'utf8' })
    expect(checked.stdout).toBe('')
    expect(checked.status).toBe(0)
  })
})
