/**
 * How many spans and upstream errors a second does one core take in, up to rows in ClickHouse? And what do peers do?
 *
 * The receiver runs on one core with everything it brings, the embedded ClickHouse included; the sender on another.
 * An answer counts when it is a 200, which the sidecar gives for what is durable. Afterwards the rows are counted.
 */
import { Command, InvalidArgumentError } from 'commander'
import type { Encoding } from '../src/event/selected-event.ts'
import { type LoadClient, startLoadClient } from './ingest/load-client.ts'
import { type Compression, compressions, type Workload } from './ingest/load-messages.ts'
import { type Measurement, type MeasureOptions, measure } from './ingest/measure.ts'
import { spansPerRequest } from './ingest/payload.ts'
import { type Peer, parsePeer } from './ingest/peer-variants.ts'
import { competitors } from './ingest/peers.ts'
import { latencyTable, ratioTable, threadLines, throughputTable, waitLines } from './ingest/report.ts'
import { startSidecarTarget } from './ingest/sidecar-target.ts'
import { startSink } from './ingest/sink.ts'
import type { StartTarget } from './ingest/target.ts'

/** 2 % of 512 spans, and all of them. */
const fewErrors = 10
const allErrors = spansPerRequest

interface Options {
  readonly seconds: number
  readonly connections: number
  readonly only: readonly string[]
  readonly peer: readonly Peer[]
  readonly own: boolean
  readonly latency: boolean
  readonly latencySeconds: number
  readonly rate?: number
  readonly engine: boolean
  readonly nodeOption: readonly string[]
}

export async function run(args: readonly string[]): Promise<void> {
  const options = parseOptions(args)
  const client = startLoadClient()
  try {
    if (options.own && options.engine) await measureOwn(client, options)
    if (!options.engine || options.peer.length > 0) await measurePeers(client, options)
  } finally {
    client.stop()
  }
}

function parseOptions(args: readonly string[]): Options {
  return new Command('bench ingest')
    .option('--seconds <number>', 'time of sending in each cell', positive, 10)
    .option('--connections <number>', 'keep-alive connections of the sender', positive, 8)
    .option('--only <cells...>', 'cells such as protobuf/gzip/2 or json/identity/100', [])
    .option('--peer <name=path>', 'also otelcol=PATH or rotel=PATH; repeatable', collectPeer, [])
    .option('--no-own', 'leave out the table of the sidecar alone')
    .option('--no-engine', 'the sidecar without the embedded engine, delivering over HTTP into a sink')
    .option('--no-latency', 'leave out the runs at half load')
    .option(
      '--latency-seconds <number>',
      'time of a run at half load, longer for rare requests',
      positive,
      20,
    )
    .option('--rate <number>', 'requests a second of the run at half load, in place of half', positive)
    .option('--node-option <option>', "of the sidecar's node, such as --cpu-prof; repeatable", collect, [])
    .parse(args, { from: 'user' })
    .opts()
}

function positive(text: string): number {
  const number = Number(text)
  if (!(number > 0)) throw new InvalidArgumentError('not a positive number')
  return number
}

function collect(text: string, before: readonly string[]): string[] {
  return [...before, text]
}

function collectPeer(text: string, before: readonly Peer[]): Peer[] {
  const peer = parsePeer(text)
  if (peer === undefined) throw new InvalidArgumentError('not otelcol=PATH or rotel=PATH')
  return [...before, peer]
}

function workloads(only: readonly string[]): Workload[] {
  const encodings: readonly Encoding[] = ['protobuf', 'json']
  const all = encodings.flatMap((encoding) =>
    compressions.flatMap((compression: Compression) =>
      [fewErrors, allErrors].map((errorCount) => ({ encoding, compression, errorCount })),
    ),
  )
  return only.length === 0 ? all : all.filter((workload) => only.includes(cellName(workload)))
}

function cellName({ encoding, compression, errorCount }: Workload): string {
  return `${encoding}/${compression}/${errorCount === allErrors ? 100 : 2}`
}

/** Gateways send protobuf with gzip, if they compress. */
function isUsual({ encoding, compression }: Workload): boolean {
  return encoding === 'protobuf' && compression === 'gzip'
}

async function measureOwn(client: LoadClient, options: Options): Promise<void> {
  const measurements = await measureAll(
    () => startSidecarTarget({ nodeArguments: options.nodeOption }),
    client,
    workloads(options.only),
    { ...options, rowsPerRequest: ({ errorCount }) => errorCount },
  )
  print(throughputTable(measurements))
  print(latencyTable(measurements))
  print(threadLines(measurements))
  print(waitLines(measurements))
}

/** The sidecar and the peers, if any, in turn, each delivering into the sink. */
async function measurePeers(client: LoadClient, options: Options): Promise<void> {
  const usual = workloads(options.only).filter(isUsual)
  const sink = await startSink()
  try {
    const measurements: Measurement[] = []
    for (const { start, rowsPerRequest } of competitors(options.peer, sink, options.nodeOption)) {
      measurements.push(...(await measureAll(start, client, usual, { ...options, rowsPerRequest })))
    }
    print(throughputTable(measurements))
    print(latencyTable(measurements))
    if (options.peer.length > 0) print(ratioTable(measurements))
    else print(`${threadLines(measurements)}\n${waitLines(measurements)}`)
  } finally {
    sink.stop()
  }
}

async function measureAll(
  start: StartTarget,
  client: LoadClient,
  cells: readonly Workload[],
  options: Options & Pick<MeasureOptions, 'rowsPerRequest'>,
): Promise<Measurement[]> {
  const measurements: Measurement[] = []
  for (const workload of cells) {
    const cellOptions: MeasureOptions = { ...options, latency: options.latency && isUsual(workload) }
    const measurement = await measure(start, client, workload, cellOptions)
    // A later cell may fail.
    process.stderr.write(`${cellName(workload)}\n${throughputTable([measurement])}\n`)
    measurements.push(measurement)
  }
  return measurements
}

function print(text: string): void {
  if (text !== '') process.stdout.write(`${text}\n\n`)
}
