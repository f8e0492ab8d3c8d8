import { fileURLToPath } from 'node:url'

/** A program to compare with, as given on the command line. */
export interface Peer {
  readonly name: 'otelcol' | 'rotel'
  readonly path: string
}

export function parsePeer(text: string): Peer | undefined {
  const match = /^(otelcol|rotel)=(.+)$/.exec(text)
  return match ? { name: match[1] as Peer['name'], path: match[2] as string } : undefined
}

const configurations = fileURLToPath(new URL('../peers/', import.meta.url))

/** One way to run a peer. The files in `bench/peers` take addresses from the environment. */
export interface PeerVariant {
  readonly name: string
  readonly peer: Peer['name']
  /** Whether only spans with an upstream error are stored; else all are. */
  readonly filters: boolean
  readonly command: (path: string) => string[]
}

export const peerVariants: readonly PeerVariant[] = [
  {
    name: 'otelcol, queue in memory',
    peer: 'otelcol',
    filters: true,
    command: (path) => [path, '--config', `${configurations}otelcol.yaml`],
  },
  {
    name: 'otelcol, queue on disk',
    peer: 'otelcol',
    filters: true,
    command: (path) => [
      path,
      '--config',
      `${configurations}otelcol.yaml`,
      '--config',
      `${configurations}otelcol-durable.yaml`,
    ],
  },
  {
    name: 'rotel, Python filter',
    peer: 'rotel',
    filters: true,
    command: (path) => [
      'sh',
      `${configurations}rotel.sh`,
      path,
      '--otlp-with-trace-processor',
      `${configurations}rotel-filter.py`,
    ],
  },
  {
    name: 'rotel, every span stored',
    peer: 'rotel',
    filters: false,
    command: (path) => ['sh', `${configurations}rotel.sh`, path],
  },
]
