import { globSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { loadConfig } from '../../src/config.ts'
import { settings } from '../../src/config-schema.ts'

const folder = new URL('../../deploy/kubernetes/', import.meta.url).pathname

interface Manifest {
  readonly kind: string
  readonly data?: Record<string, string>
  readonly resources?: readonly string[]
  readonly patches?: readonly { path: string }[]
  readonly spec?: {
    readonly ports?: readonly { targetPort: string }[]
    readonly template?: { readonly spec: { containers?: Container[]; initContainers?: Container[] } }
  }
}

interface Container {
  readonly env: readonly { name: string; value?: string }[]
  readonly ports: readonly { name: string; containerPort: number }[]
  readonly securityContext: Readonly<Record<string, unknown>>
  readonly [probe: `${string}Probe`]: { httpGet: { path: string; port: string } }
}

const read = (path: string): Manifest => parse(readFileSync(folder + path, 'utf8')) as Manifest
const files = globSync('**/*.yaml', { cwd: folder })
const containersOf = ({ spec }: Manifest): Container[] => [
  ...(spec?.template?.spec.containers ?? []),
  ...(spec?.template?.spec.initContainers ?? []),
]

describe('the manifests for Kubernetes', () => {
  it.each(['sidecar', 'collector'])('name files that there are, and all of them: %s', (name) => {
    const { resources = [], patches = [] } = read(`${name}/kustomization.yaml`)
    const named = [...resources, ...patches.map(({ path }) => path), 'kustomization.yaml']
    expect(files.filter((path) => path.startsWith(name)).toSorted()).toEqual(
      named.map((path) => `${name}/${path}`).toSorted(),
    )
  })

  it.each(['sidecar/container.yaml', 'collector/stateful-set.yaml'])(
    'configure the sidecar with settings that it takes: %s',
    (path) => {
      const [container] = containersOf(read(path))
      const { data = {} } = read(`${path.split('/')[0]}/config.yaml`)
      const env = {
        ...data,
        ...Object.fromEntries(
          (container?.env ?? []).map(({ name, value }) => [name, value ?? 'from-a-secret']),
        ),
      }
      const known = new Set<string>(Object.values(settings).map((setting) => setting.env))
      expect(Object.keys(env).filter((name) => !known.has(name))).toEqual([])
      const config = loadConfig(env)
      expect(config.tokensFile).not.toBe('')
      const ports = Object.fromEntries(
        (container?.ports ?? []).map(({ name, containerPort }) => [name, containerPort]),
      )
      expect(Object.values(ports)).toContain(config.apiPort)
      for (const probe of ['startupProbe', 'livenessProbe'] as const) {
        expect(container?.[probe]?.httpGet.path).toBe('/healthz')
        expect(ports[container?.[probe]?.httpGet.port ?? '']).toBe(config.apiPort)
      }
    },
  )

  it('let the container write nothing but its volume, and be nobody', () => {
    for (const container of files.flatMap((path) => containersOf(read(path))))
      expect(container.securityContext).toMatchObject({
        readOnlyRootFilesystem: true,
        allowPrivilegeEscalation: false,
        capabilities: { drop: ['ALL'] },
      })
  })

  it('lead the service to ports that the container has', () => {
    const names = containersOf(read('collector/stateful-set.yaml')).flatMap(({ ports }) =>
      ports.map(({ name }) => name),
    )
    const targets = read('collector/service.yaml').spec?.ports?.map(({ targetPort }) => targetPort) ?? []
    expect(targets.toSorted()).toEqual(names.toSorted())
  })
})
