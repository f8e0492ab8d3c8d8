import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, readdirSync, readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { temporaryDirectory } from './support/sidecar.ts'

const root = new URL('..', import.meta.url).pathname
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  version: string
  files: string[]
  bin: Record<string, string>
  scripts: Record<string, string>
  exports: Record<string, unknown>
}
let directory: Awaited<ReturnType<typeof temporaryDirectory>>
let packed: string[]

function run(program: string, args: readonly string[], cwd: string): string {
  return execFileSync(program, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] })
}

/** What `npm run build` and `npm pack` do, beside the project instead of in it. */
beforeAll(async () => {
  directory = await temporaryDirectory()
  const dist = join(directory.path, 'dist')
  for (const file of readdirSync(root)) {
    if (['dist', 'node_modules', 'data'].includes(file) || file.startsWith('.')) continue
    cpSync(join(root, file), join(directory.path, file), { recursive: true })
  }
  symlinkSync(join(root, 'node_modules'), join(directory.path, 'node_modules'))
  const modules = join(root, 'node_modules')
  run(
    process.execPath,
    [join(modules, 'typescript/bin/tsc'), '-p', 'tsconfig.build.json', '--outDir', dist],
    root,
  )
  run(
    process.execPath,
    [join(modules, 'typescript/bin/tsc'), '-p', 'tsconfig.gateway-cjs.json', '--outDir', join(dist, 'cjs')],
    root,
  )
  run(
    process.execPath,
    [
      join(modules, 'vite/bin/vite.js'),
      'build',
      'src/console',
      '--outDir',
      join(dist, 'console'),
      '--logLevel',
      'warn',
    ],
    root,
  )
  const answer = run('npm', ['pack', '--dry-run', '--ignore-scripts', '--json'], directory.path)
  const [{ files }] = JSON.parse(answer) as [{ files: { path: string }[] }]
  packed = files.map(({ path }) => path)
}, 120_000)
afterAll(() => directory.remove())

/** Every text in a value: the files that `exports` and `bin` point to. */
function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : []
}

describe('the published package', () => {
  it('has the program, the SDK for ESM and CommonJS, the migrations and the console', () => {
    for (const path of textsIn([manifest.bin, manifest.exports])) {
      expect(packed).toContain(path.replace(/^\.\//, ''))
    }
    const migrations = readdirSync(join(root, 'clickhouse')).filter((file) => file.endsWith('.sql'))
    expect(packed).toEqual(expect.arrayContaining(migrations.map((file) => `clickhouse/${file}`)))
    expect(packed).toEqual(
      expect.arrayContaining(['dist/console/index.html', 'LICENSE', 'README.md', 'CHANGELOG.md']),
    )
  })

  it('has nothing else: no tests, sources, benchmarks or data', () => {
    const allowed = /^(?:dist\/|clickhouse\/|(?:LICENSE|README\.md|CHANGELOG\.md|package\.json)$)/
    expect(packed.filter((path) => !allowed.test(path))).toEqual([])
    expect(packed.filter((path) => /\.tsx?$/.test(path) && !path.endsWith('.d.ts'))).toEqual([])
    expect(packed.filter((path) => /test|bench|fixture/.test(path))).toEqual([])
  })

  it('runs from its build: tells its version, and makes its tables', () => {
    const main = join(directory.path, manifest.bin['ops-sidecar'] ?? '')
    expect(run(process.execPath, [main, '--version'], directory.path).trim()).toBe(manifest.version)
    run(process.execPath, [main, 'migrate', '--data-dir', join(directory.path, 'data')], directory.path)
    const left = run(
      process.execPath,
      [main, 'migrate', '--dry-run', '--data-dir', join(directory.path, 'data')],
      directory.path,
    )
    expect(left).not.toContain('CREATE')
    expect(existsSync(join(directory.path, 'data'))).toBe(true)
  })

  it('runs with the same arguments for node and the same settings of the C library installed, in the image, as a service and by npm start', () => {
    const text = (file: string) => readFileSync(join(directory.path, file), 'utf8')
    const [firstLine = ''] = text(manifest.bin['ops-sidecar'] ?? '').split('\n', 1)
    const [, environment = '', installed = ''] = /^#!\/usr\/bin\/env -S (.+) node (.+)$/.exec(firstLine) ?? []
    expect(manifest.scripts.start).toBe(`exec env ${environment} node ${installed} src/main.ts`)
    expect(text('deploy/systemd/ops-sidecar.service')).toContain(`Environment=${environment}\n`)
    for (const variable of environment.split(' ')) expect(text('Dockerfile')).toContain(`${variable} \\\n`)
    expect(text('Dockerfile')).toContain(
      `ENTRYPOINT ${JSON.stringify(['node', ...installed.split(' '), 'dist/main.js']).replaceAll(',', ', ')}`,
    )
    const script = 'process.stdout.write(process.execArgv.join(" ") + process.env.MALLOC_ARENA_MAX)'
    const command = `${environment} node ${installed}`
    expect(run('env', ['-S', command, '-e', script], directory.path)).toContain(installed)
    expect(run('env', ['-S', command, '-e', script], directory.path)).toMatch(/2$/)
  })

  it('has a semantic version with an entry in the changelog', () => {
    expect(manifest.version).toMatch(/^\d+\.\d+\.\d+(?:-[\w.]+)?$/)
    expect(readFileSync(join(root, 'CHANGELOG.md'), 'utf8')).toContain(`## ${manifest.version}`)
  })
})
