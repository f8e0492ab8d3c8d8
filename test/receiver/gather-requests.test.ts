import { setImmediate as turn } from 'node:timers/promises'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { createGather } from '../../src/receiver/gather-requests.ts'

afterEach(() => void vi.useRealTimers())

describe('requests that are gathered', () => {
  it('go on together, in the order in which they came', async () => {
    const gather = createGather()
    const order: string[] = []
    const request = async (name: string, hasCompany: boolean): Promise<void> => {
      await gather(1000, hasCompany)
      order.push(name)
    }
    const all = Promise.all([request('first', false), request('second', true), request('third', true)])
    expect(order).toEqual([])
    await all
    expect(order).toEqual(['first', 'second', 'third'])
  })

  it('wait for the turn of the event loop to end, and no longer, when they are alone', async () => {
    const gather = createGather()
    let isGathered = false
    void gather(1000, false).then(() => {
      isGathered = true
    })
    await Promise.resolve()
    expect(isGathered).toBe(false)
    await turn()
    expect(isGathered).toBe(true)
  })

  it('take in those that come a turn later when others are under way', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout'] })
    const gather = createGather()
    const first = gather(1000, true)
    await turn()
    expect(gather(1000, true)).toBe(first)
    vi.advanceTimersByTime(1)
    await first
    expect(gather(1000, true)).not.toBe(first)
  })

  it('do not wait when they are large', async () => {
    const gather = createGather()
    let isGathered = false
    void gather(1024 * 1024, true).then(() => {
      isGathered = true
    })
    await Promise.resolve()
    expect(isGathered).toBe(true)
  })

  it('are at most eight at once: those beyond go on when the first are done', async () => {
    const gather = createGather()
    const order: string[] = []
    const request = async (name: string): Promise<void> => {
      await gather(1000, false)
      order.push(`${name} inflated`)
      await Promise.resolve()
      order.push(`${name} decoded`)
    }
    await Promise.all(Array.from({ length: 10 }, (_, index) => request(String(index))))
    expect(order.indexOf('8 inflated')).toBeGreaterThan(order.indexOf('7 decoded'))
    expect(order.indexOf('7 inflated')).toBeLessThan(order.indexOf('0 decoded'))
  })
})
