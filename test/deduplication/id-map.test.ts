import fc from 'fast-check'
import { expect, it } from 'vitest'
import { createIdMap } from '../../src/deduplication/id-map.ts'

const idOf = (number: number) => Buffer.from(number.toString(16).padStart(32, '0'), 'hex')

it('holds what a Map holds, with ids that come and go', () => {
  const step = fc.record({ id: fc.nat({ max: 1500 }), value: fc.option(fc.nat(), { nil: undefined }) })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 3000 }), (steps) => {
      const ours = createIdMap<{ value: number }>()
      const theirs = new Map<number, number>()
      for (const { id, value } of steps) {
        if (value === undefined) {
          ours.delete(idOf(id))
          theirs.delete(id)
        } else {
          ours.set(idOf(id), { value })
          theirs.set(id, value)
        }
        expect(ours.get(idOf(id))?.value).toBe(theirs.get(id))
      }
      for (let id = 0; id <= 1500; id++) expect(ours.get(idOf(id))?.value).toBe(theirs.get(id))
    }),
    { numRuns: 30 },
  )
})

it('grows, and finds every id while its table is full of others that are taken out', () => {
  const ours = createIdMap<{ value: number }>()
  const count = 20_000
  for (let id = 0; id < count; id++) ours.set(idOf(id), { value: id })
  for (let id = 0; id < count; id += 3) ours.delete(idOf(id))
  for (let id = 0; id < count; id++) expect(ours.get(idOf(id))?.value).toBe(id % 3 === 0 ? undefined : id)
})
