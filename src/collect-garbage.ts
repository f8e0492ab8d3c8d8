import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

type Collect = (options: { type: 'major'; flavor: 'last-resort' }) => void

/**
 * Gives back what loading and compiling the program has left, some 30 MB, which V8 would keep for long: it collects after a
 * share of new garbage, and does not move what lives together. Holds the event loop for about 100 ms. A small heap is collected
 * often, so that the program is started with `--initial-heap-size`.
 */
export function collectGarbage(): void {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as Collect
  collect({ type: 'major', flavor: 'last-resort' })
}
