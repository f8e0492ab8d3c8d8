import { readdirSync, readFileSync } from 'node:fs'
import { getPriority } from 'node:os'
import { afterAll, expect, it } from 'vitest'
import { openTestStore } from '../support/store.ts'

const store = await openTestStore()
afterAll(() => store.close())

const engineThreads = new Set(['MergeMutate', 'ThreadPool'])

it.runIf(process.platform === 'linux')(
  "gives way to Node's threads with those of the engine, also with those that come later",
  async () => {
    const own = getPriority()
    await store.rows('SELECT sum(number) FROM numbers_mt(10000000) SETTINGS max_threads = 4')

    await expect
      .poll(
        () =>
          [...threadPriorities()]
            .filter(([name]) => engineThreads.has(name))
            .toSorted(([a], [b]) => (a < b ? -1 : 1)),
        { timeout: 5000 },
      )
      .toEqual([...engineThreads].map((name) => [name, new Set([own + 8])]))
    const priorities = threadPriorities()
    expect(priorities.get('libuv-worker')).toEqual(new Set([own + 4]))
    expect(priorities.get('V8Worker')).toEqual(new Set([own]))
  },
)

function threadPriorities(): Map<string, Set<number>> {
  const priorities = new Map<string, Set<number>>()
  for (const thread of readdirSync('/proc/self/task')) {
    const name = readFileSync(`/proc/self/task/${thread}/comm`, 'utf8').trim()
    const ofName = priorities.get(name) ?? new Set()
    priorities.set(name, ofName.add(getPriority(Number(thread))))
  }
  return priorities
}
