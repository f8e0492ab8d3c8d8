import type { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { percentile } from '../harness/answers.ts'
import { openRawSocket, type RawSocket } from '../harness/raw-socket.ts'
import { answersDuring } from '../harness/recovery.ts'
import type { Answer } from '../harness/send-export.ts'
import type { Scenario } from '../scenario.ts'

const timeoutMs = 3000
/** The deadline, the interval in which Node looks for connections that passed it, and a busy machine. */
const closedWithinMs = timeoutMs + 10_000
const connectionsOfAKind = 40
const attempts = 3
const head = 'POST /v1/traces HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n'

/** What a client does instead of sending a request and reading its answer. */
const kinds: Readonly<Record<string, (socket: Socket) => void>> = {
  'says nothing': () => {},
  'headers byte by byte': (socket) => drip(socket, `${head}x-slow: ${'a'.repeat(10_000)}`),
  'body byte by byte': (socket) => {
    socket.write(`${head}content-length: 100000\r\n\r\n`)
    drip(socket, '{"resourceSpans": [                                                                  ')
  },
  'half a body': (socket) => void socket.write(`${head}content-length: 100000\r\n\r\n{`),
  'half-closed in the body': (socket) => void socket.end(`${head}content-length: 100000\r\n\r\n{`),
}

/** Slow and half-open clients are closed by a deadline and do not slow the others. */
export const slowClients: Scenario = {
  row: 19,
  fault: 'slowloris, half-open clients',
  async run({ long, trial, log }) {
    const audit = await trial(
      async (on) => {
        const { otlpUrl } = await on.start()
        on.client.start()
        await sleep(500)
        const before = median(await answersDuring(on, 2000))
        // A slowdown of the sidecar's own shows in each attempt, one of a busy machine does not.
        let during = Number.POSITIVE_INFINITY
        for (let attempt = 0; attempt < attempts && during > 2 * before + 50; attempt++) {
          const sockets = openSlowClients(otlpUrl, connectionsOfAKind * (long ? 4 : 1))
          on.client.takeAnswers()
          const longest = await whenClosed(sockets)
          during = Math.min(during, median(on.client.takeAnswers()))
          log([...longest].map(([kind, ms]) => `${kind}: ${Math.round(ms)} ms`).join(', '))
          for (const [kind, ms] of longest)
            if (ms === Number.POSITIVE_INFINITY)
              on.violation(`a client that ${kind} is not closed in ${closedWithinMs} ms`)
        }
        log(`median of healthy clients ${Math.round(before)} ms before, ${Math.round(during)} ms during`)
        if (during > 2 * before + 50)
          on.violation(
            `the median of healthy clients went from ${Math.round(before)} to ${Math.round(during)} ms`,
          )
      },
      { env: { OPS_OTLP_REQUEST_TIMEOUT: `${timeoutMs}ms` } },
    )
    return { status: 'ran', runs: 1, audits: [audit] }
  },
}

type SlowClient = readonly [kind: string, client: RawSocket]

function openSlowClients(otlpUrl: string, ofEachKind: number): SlowClient[] {
  return Object.entries(kinds).flatMap(([kind, misuse]) =>
    Array.from({ length: ofEachKind }, (): SlowClient => [kind, openRawSocket(otlpUrl, misuse)]),
  )
}

/** The longest life of each kind; infinite for one that is not closed in time. */
async function whenClosed(clients: readonly SlowClient[]): Promise<Map<string, number>> {
  const deadline = sleep(closedWithinMs, Number.POSITIVE_INFINITY, { ref: false })
  const longest = new Map<string, number>()
  for (const [kind, { socket, closedAfterMs }] of clients) {
    const ms = await Promise.race([closedAfterMs, deadline])
    longest.set(kind, Math.max(longest.get(kind) ?? 0, ms))
    socket.destroy()
  }
  return longest
}

function median(answers: readonly Answer[]): number {
  return percentile(
    answers.map((answer) => answer.elapsedMs),
    0.5,
  )
}

function drip(socket: Socket, text: string): void {
  let sent = 0
  const timer = setInterval(() => {
    if (socket.destroyed || sent >= text.length) clearInterval(timer)
    else socket.write(text[sent++] ?? '')
  }, 100)
  socket.once('close', () => clearInterval(timer))
}
