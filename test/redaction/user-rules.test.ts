import { describe, expect, it } from 'vitest'
import { compileUserRules, UserRuleError } from '../../src/redaction/user-rules.ts'

describe('rules of the operator', () => {
  it.each([
    [[{ id: 'Bad Id', pattern: 'a' }], 'Bad Id'],
    [[{ id: 'open', pattern: 'a(' }], 'open'],
    [[{ id: 'lookahead', pattern: '(?=a)b' }], 'lookahead'],
    [[{ id: 'backreference', pattern: '(a)\\1' }], 'backreference'],
    [[{ id: 'empty', pattern: 'a*' }], 'empty'],
    [[{ id: 'long', pattern: 'a'.repeat(2001) }], 'long'],
    [
      [
        { id: 'twice', pattern: 'a' },
        { id: 'twice', pattern: 'b' },
      ],
      'twice',
    ],
    [Array.from({ length: 101 }, (_, index) => ({ id: `r${index}`, pattern: 'a' })), '101'],
  ])('that cannot be are refused by name', (definitions, reason) => {
    expect(() => compileUserRules(definitions)).toThrow(UserRuleError)
    expect(() => compileUserRules(definitions)).toThrow(reason)
  })

  it('take linear time where a backtracking engine takes exponential time', { timeout: 20_000 }, () => {
    const [rule] = compileUserRules([{ id: 'nested', pattern: '(a+)+b' }])
    expect(rule?.find('a'.repeat(5000))).toEqual([])
  })
})
