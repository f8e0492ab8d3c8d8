import { setTimeout as sleep } from 'node:timers/promises'
import type { ClickHouseClient } from '@clickhouse/client'
import { generateEvents } from './generate.ts'
import { measure, type Times } from './measure.ts'

export const eventsPerSecond = 1000

/** Over some ten inserts, at another moment of each. */
const asked = 99
const pauseMs = 130

/** Asks while events are stored. */
export async function measureBesideIngest(
  writer: ClickHouseClient,
  ask: () => Promise<number>,
): Promise<Times> {
  const ingest = startIngest(writer)
  try {
    return await measure(asked, async () => {
      await sleep(pauseMs)
      return ask()
    })
  } finally {
    await ingest.stop()
  }
}

/** Stores events of the last second once a second, as delivery does with what comes in, until it is stopped. */
function startIngest(writer: ClickHouseClient): { stop(): Promise<void> } {
  const stopping = new AbortController()
  const ended = (async () => {
    while (!stopping.signal.aborted) {
      const toMs = Date.now()
      // Another seed each time, so that no id comes twice.
      await generateEvents(writer, { rows: eventsPerSecond, seed: toMs, fromMs: toMs - 1000, toMs })
      await sleep(Math.max(0, toMs + 1000 - Date.now()), undefined, { signal: stopping.signal }).catch(
        () => {},
      )
    }
  })()
  return {
    stop() {
      stopping.abort()
      return ended
    },
  }
}
