import type { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { percentile } from '../harness/answers.ts'
import { openRawSocket, type RawSocket } from '../harness/raw-socket.ts'
import { answersDuring } from '../harness/recovery.ts'
import type { Scenario } from '../scenario.ts'

const timeoutMs = 3000
/** The deadline, the interval in which Node looks for connections that passed it, and a busy machine. */
const closedWithinMs = timeoutMs + 4000
const connectionsOfAKind = 40
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
        const before = percentile(
          (await answersDuring(on, 3000)).map((answer) => answer.elapsedMs),
          0.99,
        )
        const sockets: [string, RawSocket][] = []
        for (const [kind, misuse] of Object.entries(kinds)) {
          for (let count = 0; count < connectionsOfAKind * (long ? 4 : 1); count++)
            sockets.push([kind, openRawSocket(otlpUrl, misuse)])
        }
        const during = percentile(
          (await answersDuring(on, closedWithinMs)).map((answer) => answer.elapsedMs),
          0.99,
        )
        const longest = new Map<string, number>()
        for (const [kind, { socket, closedAfterMs }] of sockets) {
          const ms = await Promise.race([closedAfterMs, sleep(10, Number.POSITIVE_INFINITY)])
          longest.set(kind, Math.max(longest.get(kind) ?? 0, ms))
          socket.destroy()
        }
        log(`p99 of healthy clients ${Math.round(before)} ms before, ${Math.round(during)} ms during`)
        log([...longest].map(([kind, ms]) => `${kind}: ${Math.round(ms)} ms`).join(', '))
        for (const [kind, ms] of longest)
          if (ms === Number.POSITIVE_INFINITY)
            on.violation(`a client that ${kind} is not closed in ${closedWithinMs} ms`)
        if (during > 2 * before + 50)
          on.violation(`p99 of healthy clients went from ${Math.round(before)} to ${Math.round(during)} ms`)
      },
      { env: { OPS_OTLP_REQUEST_TIMEOUT: `${timeoutMs}ms` } },
    )
    return { status: 'ran', runs: 1, audits: [audit] }
  },
}

function drip(socket: Socket, text: string): void {
  let sent = 0
  const timer = setInterval(() => {
    if (socket.destroyed || sent >= text.length) clearInterval(timer)
    else socket.write(text[sent++] ?? '')
  }, 100)
  socket.once('close', () => clearInterval(timer))
}
