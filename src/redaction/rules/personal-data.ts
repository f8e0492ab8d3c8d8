import {
  alphanumerics,
  ascii,
  boundaries,
  characterSet,
  digits,
  endOfRun,
  isAlphanumeric,
  isDigit,
  isLetter,
  isUppercase,
  uppercase,
  without,
} from '../characters.ts'
import { addHit, type Matcher, type Scan, type ScanRule } from '../rule.ts'

const digitSet = characterSet(digits)
const localPart = characterSet(`${alphanumerics}._%+'-`)
const domainPart = characterSet(`${alphanumerics}.-`)

/** The common form of RFC 5321 addresses; a domain ends in letters, so that `name@1.2.3` is a version. */
const matchEmail: Matcher = (scan, at) => {
  const { text } = scan
  let start = at
  while (start > 0 && at - start < 64 && isLocalCharacter(text.charCodeAt(start - 1))) start--
  while (start < at && !isAlphanumeric(text.charCodeAt(start)) && text.charCodeAt(start) < 128) start++
  if (start === at || (scan.hits.at(-1)?.end ?? 0) > start) return 0
  let end = endOfRun(text, at + 1, domainPart, at + 256)
  while (end > at && !isAlphanumeric(text.charCodeAt(end - 1))) end--
  let dot = end - 1
  while (dot > at && isLetter(text.charCodeAt(dot))) dot--
  if (dot <= at + 1 || end - dot < 3 || text.charCodeAt(dot) !== 46) return 0
  return addHit(scan, 'email', start, end)
}

/** Latin letters with accents are letters of names, too. */
function isLocalCharacter(code: number): boolean {
  return localPart[code] === 1 || (code >= 0xc0 && code <= 0x24f)
}

/** Longest number with a separator after every fourth digit, twice over. */
const maxCardChars = 40

/**
 * Payment card numbers (ISO/IEC 7812): 13 to 19 digits of a known issuer that pass the Luhn check, in one piece or
 * in groups of at least four.
 */
const matchCard: Matcher = (scan, at) => {
  const { text } = scan
  if (!beginsCard(text.charCodeAt(at))) return 0
  const runEnd = endOfRun(text, at + 1, digitSet, at + 20)
  const mayBeGrouped = runEnd - at >= 4 && isDigit(text.charCodeAt(runEnd + 1))
  if ((runEnd - at < 13 && !mayBeGrouped) || isAttachedBefore(text, at)) return 0
  return addCard(scan, at)
}

function beginsCard(code: number): boolean {
  return code >= 50 && code <= 54
}

function addCard(scan: Scan, at: number): number {
  const { text } = scan
  let number = ''
  let separator = 0
  let groupStart = at
  const limit = Math.min(text.length, at + maxCardChars)
  for (let end = at; end <= limit; end++) {
    const code = end < limit ? text.charCodeAt(end) : 0
    if (isDigit(code)) {
      number += text.charAt(end)
      if (number.length > 19) return 0
      continue
    }
    const groupLength = end - groupStart
    // Dots only between groups of four: anything else is a decimal fraction.
    const isGrouped = separator !== 46 || groupLength <= 4
    if (number.length >= 13 && isGrouped && isCardNumber(number) && !isAttachedAfter(text, end)) {
      return addHit(scan, 'card', at, end)
    }
    if (groupLength < 4 || !isGrouped || (separator !== 0 && code !== separator)) return 0
    if (code !== 32 && code !== 45 && code !== 0xa0 && !(code === 46 && groupLength === 4)) return 0
    separator = code
    groupStart = end + 1
  }
  return 0
}

/** Part of an identifier, a UUID or a decimal fraction. */
function isAttachedBefore(text: string, at: number): boolean {
  if (at === 0) return false
  const code = text.charCodeAt(at - 1)
  if (isAlphanumeric(code)) return true
  const isJoining = code === 45 || code === 46 || code === 95
  return isJoining && at > 1 && isAlphanumeric(text.charCodeAt(at - 2))
}

function isAttachedAfter(text: string, end: number): boolean {
  if (end >= text.length) return false
  const code = text.charCodeAt(end)
  if (isLetter(code) || code === 95) return true
  return (code === 45 || code === 46) && end + 1 < text.length && isAlphanumeric(text.charCodeAt(end + 1))
}

/** First digits and lengths: Visa, Mastercard, American Express, Diners, Discover, JCB, UnionPay, Maestro. */
const issuers: readonly RegExp[] = [
  /^4(\d{12}|\d{15}|\d{18})$/,
  /^(5[1-5]\d\d|222[1-9]|22[3-9]\d|2[3-6]\d\d|27[01]\d|2720)\d{12}$/,
  /^3[47]\d{13}$/,
  /^(30[0-5]|36\d|38\d|39\d)\d{11}$/,
  /^(6011|64[4-9]\d|65\d\d)\d{12,15}$/,
  /^35(2[89]|[3-8]\d)\d{12}$/,
  /^62\d{14,17}$/,
  /^(5018|5020|5038|5893|6304|6759|676[1-3])\d{12}$/,
]

function isCardNumber(number: string): boolean {
  return passesLuhn(number) && issuers.some((issuer) => issuer.test(number))
}

function passesLuhn(number: string): boolean {
  let sum = 0
  for (let index = 0; index < number.length; index++) {
    const digit = number.charCodeAt(number.length - 1 - index) - 48
    if (index % 2 === 0) sum += digit
    else sum += digit > 4 ? digit * 2 - 9 : digit * 2
  }
  return sum % 10 === 0
}

/** US social security number: area, group and serial that can have been given out. */
const socialSecurityNumber = /(?!000|666|9)\d{3}-(?!00)\d\d-(?!0000)\d{4}/y

const matchSsn: Matcher = (scan, at) => {
  const { text } = scan
  if (text.charCodeAt(at + 3) !== 45 || text.charCodeAt(at + 6) !== 45) return 0
  socialSecurityNumber.lastIndex = at
  if (!socialSecurityNumber.test(text)) return 0
  const end = at + 11
  const next = text.charCodeAt(end)
  if (isAttachedBefore(text, at) || isDigit(next) || isAttachedAfter(text, end)) return 0
  return addHit(scan, 'ssn', at, end)
}

/** Length of an IBAN by country (SWIFT IBAN registry). */
const ibanLengths: ReadonlyMap<string, number> = new Map(
  (
    'AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 EE20 EG29 ' +
    'ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 ' +
    'LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 ' +
    'PT25 QA29 RO24 RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30'
  )
    .split(' ')
    .map((country) => [country.slice(0, 2), Number(country.slice(2))]),
)

/** ISO 13616: country, two check digits, account; in one piece or in groups of four. */
const matchIban: Matcher = (scan, at) => {
  const { text } = scan
  const start = at - 2
  if (start < 0 || !isLetter(text.charCodeAt(start)) || !isDigit(text.charCodeAt(at + 1))) return 0
  if (isAttachedBefore(text, start)) return 0
  const length = ibanLengths.get(text.slice(start, at))
  if (length === undefined) return 0
  let account = ''
  let end = start
  while (account.length < length) {
    const code = text.charCodeAt(end)
    if (isAlphanumeric(code)) account += text.charAt(end)
    else if (!((code === 32 || code === 45 || code === 0xa0) && account.length % 4 === 0)) return 0
    end++
  }
  if (end < text.length && isAlphanumeric(text.charCodeAt(end))) return 0
  return ibanRemainder(account.toUpperCase()) === 1 ? addHit(scan, 'iban', start, end) : 0
}

/** ISO 7064, MOD 97-10; letters count as 10 to 35. */
function ibanRemainder(account: string): number {
  let remainder = 0
  for (const character of account.slice(4) + account.slice(0, 4)) {
    const value = Number.parseInt(character, 36)
    remainder = (remainder * (value > 9 ? 100 : 10) + value) % 97
  }
  return remainder
}

const ipv4 = /(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?:25[0-5]|2[0-4]\d|1?\d?\d)){3}/y
const ipv6 = /(?:[0-9a-f]{0,4}:){2,7}(?:[0-9a-f]{1,4}|:)(?:%\w{1,16})?/iy

const matchIpv4: Matcher = (scan, at) => {
  ipv4.lastIndex = at
  if (isAttachedBefore(scan.text, at) || !ipv4.test(scan.text)) return 0
  const end = ipv4.lastIndex
  if (isDigit(scan.text.charCodeAt(end)) || isAttachedAfter(scan.text, end)) return 0
  return addHit(scan, 'ip', at, end)
}

const matchIpv6: Matcher = (scan, at) => {
  const { text } = scan
  let start = at
  while (start > 0 && at - start < 5 && isAlphanumeric(text.charCodeAt(start - 1))) start--
  if (at - start > 4 || (start > 0 && text.charCodeAt(start - 1) === 58)) return 0
  ipv6.lastIndex = start
  if (!ipv6.test(text)) return 0
  const end = ipv6.lastIndex
  const isWhole = text.slice(start, end).includes('::') || text.slice(start, end).split(':').length === 8
  if (!isWhole || end - start < 5 || isAlphanumeric(text.charCodeAt(end))) return 0
  return addHit(scan, 'ip', start, end)
}

const phone = /\+\d{1,3}(?:[ .-]?\(?\d{1,4}\)?){2,6}/y

/** International form only (ITU-T E.164): without its `+` a phone number is a number like any other. */
const matchPhone: Matcher = (scan, at) => {
  phone.lastIndex = at - 1
  const match = phone.exec(scan.text)
  if (match === null || isDigit(scan.text.charCodeAt(phone.lastIndex))) return 0
  const digitCount = match[0].replace(/\D/g, '').length
  if (digitCount < 8 || digitCount > 15) return 0
  return addHit(scan, 'phone', at - 1, phone.lastIndex)
}

/** Where a number begins that is not the end of a word. */
const digitRun = [{ after: without(boundaries, '_'), characters: digits }]

const isDigitAt = (bytes: Uint8Array, at: number): boolean => isDigit(bytes[at] ?? 0)

/** An address has something on both sides. */
function isInAddress(bytes: Uint8Array, at: number, start: number): boolean {
  const before = bytes[at - 1] ?? 0
  return at > start && (before > 127 || localPart[before] === 1) && domainPart[bytes[at + 1] ?? 0] === 1
}

/** A card number has 13 digits at least, with nothing but separators between them. */
function beginsCardNumber(bytes: Uint8Array, at: number): boolean {
  if (!beginsCard(bytes[at] ?? 0)) return false
  let digitCount = 1
  // A no-break space takes two bytes.
  for (let next = at + 1; next < at + 2 * maxCardChars; next++) {
    const code = bytes[next] ?? 0
    if (isDigit(code)) digitCount++
    else if (code !== 32 && code !== 45 && code !== 46 && code < 128) return false
    if (digitCount === 13) return true
  }
  return false
}

function beginsSsn(bytes: Uint8Array, at: number): boolean {
  return bytes[at + 3] === 45 && bytes[at + 6] === 45
}

function beginsIban(bytes: Uint8Array, at: number): boolean {
  return isDigitAt(bytes, at + 1) && isUppercase(bytes[at - 2] ?? 0)
}

export const personalDataRules: readonly ScanRule[] = [
  {
    id: 'email',
    kind: 'value',
    finders: [{ triggers: [{ after: ascii, characters: '@' }], mayMatch: isInAddress, match: matchEmail }],
    catches: ['jane.doe+test@example.com', 'mail to <a@b.co>.', 'josé@exämple.com'.replace('ä', 'a')],
    leaves: [
      'npm install pkg@1.2.3',
      'model claude-3-5-sonnet@20240620',
      '@types/node',
      'a @ b.com',
      'x@localhost',
    ],
  },
  {
    id: 'card',
    kind: 'value',
    finders: [{ triggers: digitRun, mayMatch: beginsCardNumber, match: matchCard }],
    catches: ['4111111111111111', 'card 5555 5555 5555 4444.', '3782-822463-10005', '4111.1111.1111.1111'],
    leaves: [
      '4111111111111112',
      '1764323456789012345',
      'id_4111111111111111',
      '0.4111111111111111',
      '4638.741732626883',
      '41111111111111111111',
    ],
  },
  {
    id: 'ssn',
    kind: 'value',
    finders: [{ triggers: digitRun, mayMatch: beginsSsn, match: matchSsn }],
    catches: ['078-05-1120', 'SSN: 219-09-9999.'],
    leaves: [
      '000-12-3456',
      '666-12-3456',
      '912-12-3456',
      '123-00-4567',
      '123-45-0000',
      '2026-11-23',
      '1078-05-1120',
    ],
  },
  {
    id: 'iban',
    kind: 'value',
    finders: [
      { triggers: [{ after: uppercase, characters: digits }], mayMatch: beginsIban, match: matchIban },
    ],
    catches: ['GB82WEST12345698765432', 'DE89 3704 0044 0532 0130 00', 'account: NL91ABNA0417164300'],
    leaves: ['GB82WEST12345698765433', 'req_DE89370400440532013000', 'DE89 3704'],
  },
  {
    id: 'ip',
    kind: 'value',
    optional: true,
    finders: [
      { triggers: digitRun, match: matchIpv4 },
      { triggers: [{ after: without(ascii, ':'), characters: ':' }], match: matchIpv6 },
    ],
    catches: [
      '203.0.113.7',
      'from 10.0.0.1:8080',
      '2001:db8::1',
      'at fe80::1ff:fe23:4567:890a',
      '2001:0db8:0000:0000:0000:ff00:0042:8329',
    ],
    leaves: ['version 1.2.3', '1.2.3.4.5', '300.1.1.1', '12:30:45', 'std::vector', 'a: b'],
  },
  {
    id: 'phone',
    kind: 'value',
    optional: true,
    finders: [{ triggers: [{ after: '+', characters: digits }], match: matchPhone }],
    catches: ['+1 415 555 2671', '+4915123456789'],
    leaves: ['+1', '2026-11-23T10:00:00+00:00', '1+1'],
  },
]
