import { setTimeout as sleep } from 'node:timers/promises'
import { type HostileBody, hostileBodies } from '../harness/hostile-bodies.ts'
import { readMetrics } from '../harness/metrics.ts'
import type { SidecarProcess } from '../harness/sidecar-process.ts'
import type { Scenario } from '../scenario.ts'

const maxStallMs = 100
const attempts = 4

/** Bodies made to break a decoder: refused with a 4xx, and nobody else waits for it. */
export const hostile: Scenario = {
  row: 20,
  fault: 'hostile bodies: bombs, truncation, nesting, huge varints',
  async run({ trial, log }) {
    const audit = await trial(
      async (on) => {
        const sidecar = await on.start()
        on.client.start()
        for (const hostile of hostileBodies) {
          // A stall of the decoder's own shows in each attempt, one of a busy machine does not.
          let stallMs = Number.POSITIVE_INFINITY
          for (let attempt = 0; attempt < attempts && stallMs > maxStallMs; attempt++) {
            const { status, longestMs } = await sendAlone(sidecar, hostile)
            if (status < 400 || status > 499) on.violation(`${hostile.name} is answered ${status}`)
            stallMs = Math.min(stallMs, longestMs)
          }
          log(`${hostile.name}: stall ${Math.round(stallMs)} ms`)
          if (!(stallMs <= maxStallMs))
            on.violation(`${hostile.name} stalls others for ${Math.round(stallMs)} ms`)
        }
      },
      { env: { OPS_OTLP_MAX_BODY_BYTES: '8MiB' } },
    )
    return { status: 'ran', runs: hostileBodies.length, audits: [audit] }
  },
}

/** Sends the body and asks the sidecar how long its event loop stood still meanwhile, at most. */
async function sendAlone(
  { otlpUrl, apiUrl }: SidecarProcess,
  { headers, body, path = '/v1/traces' }: HostileBody,
) {
  // Reading the metrics resets the longest lag.
  await readMetrics(apiUrl)
  const status = await fetch(otlpUrl + path, {
    method: 'POST',
    headers,
    body: body as Uint8Array<ArrayBuffer>,
  }).then(
    async (answer) => {
      await answer.arrayBuffer()
      return answer.status
    },
    // Refused before it was read to its end: the connection is closed under the sender.
    () => 413,
  )
  await sleep(30)
  const lagSeconds = (await readMetrics(apiUrl)).get('ops_nodejs_eventloop_lag_max_seconds') ?? Number.NaN
  return { status, longestMs: lagSeconds * 1000 }
}
