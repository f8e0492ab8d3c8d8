import { describe, expect, it } from 'vitest'
import { parseProviderError } from '../../../src/normalization/providers/parse-provider-error.ts'
import { readFixtures } from './fixtures.ts'

describe('parseProviderError', () => {
  it.each(readFixtures())('reads $name', ({ failure, expected }) => {
    expect(parseProviderError(failure)).toMatchObject(expected)
  })
})
