import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { MeasureOptions } from './measure.ts'
import { spansPerRequest } from './payload.ts'
import { type Peer, type PeerVariant, peerVariants } from './peer-variants.ts'
import { measuredCore, pinnedTo } from './pinning.ts'
import { startSidecarTarget } from './sidecar-target.ts'
import type { Sink } from './sink.ts'
import type { StartTarget, Target } from './target.ts'

export interface Competitor extends Pick<MeasureOptions, 'rowsPerRequest'> {
  readonly start: StartTarget
}

/** The sidecar and the peers, each to deliver into the sink. */
export function competitors(
  peers: readonly Peer[],
  sink: Sink,
  nodeArguments: readonly string[],
): Competitor[] {
  const own: Competitor = {
    rowsPerRequest: ({ errorCount }) => errorCount,
    start: async () =>
      deliveringTo(sink, await startSidecarTarget({ clickhouseUrl: sink.url, nodeArguments })),
  }
  const others = peers.flatMap((peer) =>
    peerVariants
      .filter((variant) => variant.peer === peer.name)
      .map(
        (variant): Competitor => ({
          rowsPerRequest: ({ errorCount }) => (variant.filters ? errorCount : spansPerRequest),
          start: async () => deliveringTo(sink, await startPeer(variant, peer.path, sink)),
        }),
      ),
  )
  return [own, ...others]
}

/** Counts what the sink got since now, and checks it at the end. */
async function deliveringTo(sink: Sink, target: Omit<Target, 'deliveredRows'>): Promise<Target> {
  const before = await sink.rows()
  const deliveredRows = async () => (await sink.rows()) - before
  return {
    ...target,
    deliveredRows,
    async stop(expectedRows) {
      await target.stop(expectedRows)
      const rows = await deliveredRows()
      if (target.mustDeliverAll && rows !== expectedRows)
        throw new Error(`${target.name}: ${rows} rows arrived, not ${expectedRows}`)
    },
  }
}

async function startPeer(
  variant: PeerVariant,
  path: string,
  sink: Sink,
): Promise<Omit<Target, 'deliveredRows'>> {
  const directory = mkdtempSync(join(tmpdir(), 'ops-bench-'))
  const port = await freePort()
  const [program = '', ...args] = [...pinnedTo(measuredCore), ...variant.command(path)]
  const child = spawn(program, args, {
    env: {
      PATH: process.env.PATH,
      GOMAXPROCS: '1',
      OTLP_ENDPOINT: `127.0.0.1:${port}`,
      CLICKHOUSE_ENDPOINT: sink.url,
      QUEUE_DIRECTORY: directory,
    },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const exited = once(child, 'exit')
  const otlpUrl = `http://127.0.0.1:${port}`
  await Promise.race([
    untilListening(otlpUrl),
    exited.then(() => {
      throw new Error(`${variant.name} ended before it listened`)
    }),
  ])
  return {
    name: variant.name,
    mustDeliverAll: false,
    pid: child.pid ?? 0,
    otlpUrl,
    async stop() {
      child.kill('SIGTERM')
      await exited
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return typeof address === 'object' && address !== null ? address.port : 0
}

const startTimeoutMs = 20_000

async function untilListening(url: string): Promise<void> {
  const deadlineMs = performance.now() + startTimeoutMs
  while (performance.now() < deadlineMs) {
    const isUp = await fetch(url).then(
      () => true,
      () => false,
    )
    if (isUp) return
    await sleep(50)
  }
  throw new Error(`nothing listens on ${url}`)
}
