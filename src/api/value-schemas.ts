import { Type } from 'typebox'

/** Values as JSON answers show them: `null` for what is absent. */
export const nullableText = Type.Unsafe<string | null>({ type: ['string', 'null'] })
export const nullableInteger = Type.Unsafe<number | null>({ type: ['integer', 'null'] })
export const nullableTime = Type.Unsafe<string | null>({ type: ['string', 'null'], format: 'date-time' })
export const time = Type.String({ format: 'date-time' })
export const uuid = Type.String({ format: 'uuid' })

/** One of some words. */
export function oneOf<const Word extends string>(words: readonly Word[], description?: string) {
  return Type.Unsafe<Word>({ type: 'string', enum: [...words], ...(description ? { description } : {}) })
}
