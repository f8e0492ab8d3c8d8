import { readdirSync, readFileSync } from 'node:fs'
import { getPriority } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, expect, it } from 'vitest'
import { openTestStore } from '../support/store.ts'

const store = await openTestStore()
afterAll(() => store.close())

it.runIf(process.platform === 'linux')(
  "gives way to Node's threads with those of the engine, also with those that come later",
  async () => {
    const own = getPriority()
    await store.rows('SELECT sum(number) FROM numbers_mt(10000000) SETTINGS max_threads = 4')
    await sleep(1500)

    const priorities = threadPriorities()
    expect(priorities.get('ThreadPool')).toEqual(new Set([own + 8]))
    expect(priorities.get('MergeMutate')).toEqual(new Set([own + 8]))
    for (const name of ['libuv-worker', 'V8Worker']) expect(priorities.get(name)).toEqual(new Set([own]))
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
