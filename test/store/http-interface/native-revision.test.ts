import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openHttpInterface } from './open-http-interface.ts'

let embedded: Awaited<ReturnType<typeof openHttpInterface>>
let url: string
beforeAll(async () => {
  embedded = await openHttpInterface()
  url = await embedded.serve()
})
afterAll(() => embedded.close())

const native = async (sql: string, revision: string): Promise<Buffer> => {
  const query = new URLSearchParams({
    query: sql,
    default_format: 'Native',
    client_protocol_version: revision,
  })
  const response = await fetch(`${url}/?${query}`)
  if (!response.ok) throw new Error(await response.text())
  return Buffer.from(await response.arrayBuffer())
}

const scalar = fc.constantFrom(
  ...[
    'UInt8',
    'Int64',
    'Float32',
    'Bool',
    'String',
    'FixedString(3)',
    'Date',
    "DateTime('UTC')",
    'UUID',
    'IPv6',
  ],
  ...["DateTime64(3, 'UTC')", "Enum8('a,(' = 1, 'b\\'' = 2)", 'Decimal(9, 2)', 'Decimal(38, 4)', 'UInt256'],
  ...['LowCardinality(String)', 'Nullable(Int16)', 'Nullable(String)', 'LowCardinality(Nullable(String))'],
)
const type: fc.Arbitrary<string> = fc.letrec<{ type: string }>((tie) => ({
  type: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    scalar,
    tie('type').map((of) => `Array(${of})`),
    fc.array(tie('type'), { minLength: 1, maxLength: 3 }).map((of) => `Tuple(${of.join(', ')})`),
    tie('type').map((of) => `Tuple(a ${of}, \`b c\` String)`),
    tie('type').map((of) => `Map(LowCardinality(String), ${of})`),
  ),
})).type

describe('Native with a client protocol version', () => {
  it('has block info and a byte per column more than without, whatever the types', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(type, { minLength: 1, maxLength: 3 }),
        fc.integer({ min: 1, max: 40 }),
        async (types, rows) => {
          const structure = types.map((name, index) => `c${index} ${name}`).join(', ')
          const sql = `SELECT * FROM generateRandom('${structure.replace(/[\\']/g, '\\$&')}', 1, 5, 4) LIMIT ${rows}`
          const plain = await native(sql, '0')
          expect(
            (await native(sql, '54400')).equals(
              Buffer.concat([Buffer.from([1, 0, 2, 255, 255, 255, 255, 0]), plain]),
            ),
          ).toBe(true)
          expect((await native(sql, '54483')).length).toBe(plain.length + 8 + types.length)
        },
      ),
      { numRuns: 40 },
    )
  })

  it('says which types it does not know', async () => {
    await expect(native("SELECT '{}'::JSON AS json", '54483')).rejects.toThrow('NOT_IMPLEMENTED')
  })
})
