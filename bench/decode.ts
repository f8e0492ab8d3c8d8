/**
 * What does decoding cost: from the bytes of an export to rows, one thread, by hop?
 *
 * The same requests as `bench -- ingest`, without network, inflating, journal and store; failed requests get their
 * derived records, so that 512 errors make 640 rows. Times are CPU time of the process, garbage collection included.
 */

import { createDecodeExport } from '../src/decoding/decode-export.ts'
import type { Encoding } from '../src/event/selected-event.ts'
import { upstreamErrorTable } from '../src/event/tables.ts'
import { defaultRedaction } from '../src/redaction/redaction-settings.ts'
import { createSelectEvents } from '../src/selection/select-events.ts'
import { createPayloads, spansPerRequest, stamp } from './ingest/payload.ts'

const rounds = 5
const settings = {
  exceptionEvents: true,
  derivedRequestErrors: true,
  maxAgeMs: 30 * 86_400_000,
  bodyMaxBytes: 16_384,
  redaction: defaultRedaction,
}

export async function run(): Promise<void> {
  const select = createSelectEvents(settings)
  const decode = createDecodeExport(settings)
  for (const encoding of ['protobuf', 'json'] as const) {
    for (const errorCount of [Math.floor(spansPerRequest / 50), spansPerRequest]) {
      const bodies = await createBodies(encoding, errorCount, errorCount === spansPerRequest ? 60 : 400)
      const selecting = microseconds(bodies, (body) => void select('traces', encoding, body, () => {}))
      const decoding = microseconds(bodies, (body) => {
        const { rows, releaseRows } = decode('traces', encoding, body, false)
        const upstream = rows.filter((row) => row.tableId === upstreamErrorTable.id).length
        releaseRows()
        if (upstream !== errorCount) throw new Error(`${upstream} upstream errors, not ${errorCount}`)
      })
      const share = `${Math.round((100 * errorCount) / spansPerRequest)} %`
      process.stdout.write(
        `${encoding.padEnd(8)} ${share.padStart(5)}  a request ${decoding.toFixed(0).padStart(6)} µs, ` +
          `selection ${selecting.toFixed(0).padStart(6)} µs  ` +
          `${(decoding / errorCount).toFixed(1)} µs an error, ${((spansPerRequest / decoding) * 1000).toFixed(0)} k spans/s\n`,
      )
    }
  }
}

/** Requests that differ in ids and times. */
async function createBodies(encoding: Encoding, errorCount: number, count: number): Promise<Buffer[]> {
  const payloads = await createPayloads(encoding, errorCount)
  return Array.from({ length: count }, (_, index) => {
    const payload = payloads[index % payloads.length] as (typeof payloads)[number]
    const copy = Buffer.from(payload.bytes)
    stamp(payload, copy, index.toString(16).padStart(16, 'a'), Date.now())
    return copy
  })
}

/** For one body; the best round, as others use the machine, too. */
function microseconds(bodies: readonly Buffer[], task: (body: Buffer) => void): number {
  let best = Number.POSITIVE_INFINITY
  for (let round = 0; round < rounds; round++) {
    const start = process.cpuUsage()
    for (const body of bodies) task(body)
    const { user, system } = process.cpuUsage(start)
    best = Math.min(best, (user + system) / bodies.length)
  }
  return best
}
