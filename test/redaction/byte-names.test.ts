import fc from 'fast-check'
import { expect, it } from 'vitest'
import { mayBeSecretName } from '../../src/redaction/rules/byte-names.ts'
import { classifyKeyName } from '../../src/redaction/rules/key-names.ts'

const words = fc.constantFrom(
  'api',
  'key',
  'password',
  'Secret',
  'token',
  's',
  'max_',
  '-',
  '_',
  'auth',
  'or',
  'cookie',
  'é',
  'x',
)
const names = fc.array(words, { maxLength: 20 }).map((list) => list.join(''))

it('tells a secret name from its bytes as from its text, whatever came before', () => {
  fc.assert(
    fc.property(fc.array(names, { minLength: 1, maxLength: 8 }), (list) => {
      for (const name of [...list, ...list]) {
        const bytes = Buffer.from(`key${name}key`)
        const isAscii = bytes.length === name.length + 6
        expect(mayBeSecretName(bytes, 3, bytes.length - 3)).toBe(!isAscii || classifyKeyName(name) !== 'none')
      }
    }),
    { numRuns: 3000 },
  )
})
