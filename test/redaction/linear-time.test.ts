import { describe, expect, it } from 'vitest'
import { createRedactor } from '../../src/redaction/create-redactor.ts'
import { expectLinearTime } from '../support/linear-time.ts'

const redactor = createRedactor({ bodies: { default: 'redact', byPlatform: new Map() }, phoneAndIp: true })
/** A sixteenth of it is 64 KiB: texts below that fit into caches, and some take half as long a byte for that alone. */
const length = 2 ** 20

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

/** In memory of its own, as from the wire: not as a tree of repeats. */
const textOf = (part: string, length: number): string =>
  Buffer.from(part.repeat(Math.ceil(length / part.length)).slice(0, length)).toString()

describe('redaction takes linear time', () => {
  for (const [name, part] of Object.entries(adversaries)) {
    it(`over ${name}`, () => {
      const texts = new Map([length / 16, length].map((size) => [size, textOf(part, size)]))
      expectLinearTime((size) => redactor.text(texts.get(size) ?? ''), length / 16)
    })
  }

  it('over digits in quotes after a key, which took exponential time', () => {
    for (const digit of ['1', '1 ']) {
      const before = process.cpuUsage()
      redactor.text(`x-api-key: \\"${digit.repeat(130)}auth`)
      const { user, system } = process.cpuUsage(before)
      expect(user + system).toBeLessThan(50_000)
    }
  })
})
