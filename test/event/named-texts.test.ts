import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { NamedTexts, NameList, namedTexts, rememberLists } from '../../src/event/named-texts.ts'

const texts = fc
  .array(fc.tuple(fc.oneof(fc.string(), fc.constant('__proto__')), fc.string()), { maxLength: 80 })
  .map((entries) => new Map(entries))

describe('texts by name', () => {
  it('answer as the Map that they were made from', () => {
    fc.assert(
      fc.property(texts, fc.string(), (map, other) => {
        const named = namedTexts(map)
        expect([...named]).toEqual([...map])
        expect([...named.keys()]).toEqual([...map.keys()])
        expect([...named.values()]).toEqual([...map.values()])
        expect(named.size).toBe(map.size)
        const seen: [string, unknown][] = []
        named.forEach((text, name) => {
          seen.push([name, text])
        })
        expect(seen).toEqual([...map])
        for (const name of [...map.keys(), other]) {
          expect(named.get(name)).toBe(map.get(name))
          expect(named.has(name)).toBe(map.has(name))
        }
      }),
    )
  })

  it('are not made again from what they are already', () => {
    const named = new NamedTexts(new NameList(['a']), ['x'])
    expect(namedTexts(named)).toBe(named)
  })

  it('keep what was computed for their list of names', () => {
    let computed = 0
    const countOf = rememberLists(({ names }) => {
      computed++
      return { count: names.length }
    })
    const list = new NameList(['a', 'b'])
    expect([countOf(list), countOf(list), countOf(new NameList(['a']))]).toEqual([
      { count: 2 },
      { count: 2 },
      { count: 1 },
    ])
    expect(computed).toBe(2)
  })
})
