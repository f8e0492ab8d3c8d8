import { describe, expect, it } from 'vitest'
import { createRedactor } from '../../src/redaction/create-redactor.ts'

const redactor = createRedactor({ bodies: { default: 'redact', byPlatform: new Map() }, phoneAndIp: true })
const mib = 2 ** 20

/** What makes each rule look, again and again, as far as it can. */
const adversaries: Readonly<Record<string, string>> = {
  'prefixes of keys': 'sk-',
  'prefixes of Anthropic keys': 'sk-ant-',
  'prefixes of Google keys': 'AIza',
  'prefixes of AWS keys': 'AKIA',
  'prefixes of GitHub tokens': 'ghp_',
  'prefixes of Slack tokens': 'xoxb-',
  'prefixes of Google tokens': 'ya29.',
  'other prefixes': 'hf_gsk_xai-r8_',
  'starts of JWTs': 'eyJ',
  'starts of JWTs with separators': 'eyJaaaaaaaaaa-',
  'parts of JWTs': 'eyJaaaaaaaa.',
  'PEM headers': '-----BEGIN PRIVATE KEY-----',
  'PEM headers and lines': '-----BEGIN PRIVATE KEY-----\nMIIEpAIBAAKCAQEA ',
  dashes: '-',
  'authorization schemes': 'Bearer ',
  'basic schemes': 'basic A',
  'at signs': 'a@',
  'local parts': `${'a.'.repeat(40)}@`,
  domains: `a@${'b.'.repeat(150)}`,
  digits: '4',
  'digit groups': '4111 ',
  'digits and dashes': '123-45-',
  'starts of IBANs': 'DE89',
  'schemes of URLs': 'a://',
  userinfo: 'a://b:c',
  'userinfo with slashes': 'a://b:c/',
  'userinfo with at signs': 'a://b:@',
  parameters: '?key=',
  'keys without quotes': 'token=',
  'keys with colons': 'token: ',
  'long keys': 'a.',
  'keys with quotes': '"token":',
  'open quotes': '"token":"',
  'open quotes of all kinds': '"token":\'token\':`token`:"',
  'open lists': '"auth":[',
  'open objects': '"auth":{',
  quotes: '"',
  backslashes: '\\',
  'escaped quotes': '\\"',
  'escaped quotes, deeper': '\\\\\\"',
  'unicode escapes': '\\u005c',
  'percent signs': '%',
  'encoded percent signs': '%25',
  'character references': '&amp;',
  'open references': '&a',
  brackets: '[',
  markers: '[REDACTED:',
  'whole markers': '[REDACTED:jwt]',
  equals: '=',
  colons: ':',
  'IPv6 groups': 'a:',
  'phone numbers': '+1 ',
  blanks: ' ',
  'colons and blanks': '"a" :   ',
  'letters beyond ASCII': 'é中',
}

/** CPU time in µs (others use the machine, too) of one run, over as many as take 15 ms. */
function cost(task: () => unknown): number {
  const start = process.cpuUsage()
  for (let runs = 1; ; runs++) {
    task()
    const { user, system } = process.cpuUsage(start)
    if (user + system > 15_000) return (user + system) / runs
  }
}

/**
 * By what the time grows when the text doubles, over two doublings up to a mebibyte. Texts with 150,000 secrets make
 * garbage, and when that is collected is chance: so it is the median of rounds that time both in turn, of more rounds
 * when the first ones are near the bound.
 */
function growth(text: string): number {
  const quarter = Buffer.from(text)
    .toString()
    .slice(0, text.length / 4)
  redactor.text(text)
  const ratios: number[] = []
  do {
    for (let round = 0; round < 3; round++)
      ratios.push(cost(() => redactor.text(text)) / cost(() => redactor.text(quarter)))
    ratios.sort((a, b) => a - b)
  } while (ratios.length < 12 && medianOf(ratios) > 2.2 ** 2)
  return Math.sqrt(medianOf(ratios))
}

const medianOf = (sorted: readonly number[]): number => sorted[sorted.length >> 1] ?? Number.NaN

describe('redaction takes linear time', () => {
  for (const [name, part] of Object.entries(adversaries)) {
    it(`over ${name}`, { timeout: 60_000 }, () => {
      const text = part.repeat(Math.ceil(mib / part.length)).slice(0, mib)
      expect(growth(text)).toBeLessThan(2.5)
    })
  }

  it('over digits in quotes after a key, which took exponential time', () => {
    const text = `x-api-key: \\"${'1'.repeat(130)}auth`
    expect(cost(() => redactor.text(text))).toBeLessThan(50_000)
    expect(cost(() => redactor.text(`x-api-key: \\"${'1 '.repeat(130)}auth`))).toBeLessThan(50_000)
  })
})
