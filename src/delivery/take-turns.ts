import { setImmediate as nextTurn } from 'node:timers/promises'

/** Work of about half a millisecond: rows that are looked at between two turns of the event loop. */
const rowsPerTurn = 500

/**
 * Calls `handle` for each item, in order, and lets what waits on the event loop in between: exports are answered by the
 * same thread. `handle` returns how many rows it looked at.
 */
export async function eachInTurns<Item>(
  items: readonly Item[],
  handle: (item: Item, position: number) => number,
): Promise<void> {
  let rows = 0
  for (const [position, item] of items.entries()) {
    rows += handle(item, position)
    if (rows < rowsPerTurn) continue
    rows = 0
    await nextTurn()
  }
}
