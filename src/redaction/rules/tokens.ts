import {
  alphanumerics,
  ascii,
  boundaries,
  characterSet,
  digits,
  endOfRun,
  isCutAt,
  isDigit,
  isLetter,
  isUppercase,
} from '../characters.ts'
import { addHit, type Matcher, type Scan, type ScanRule } from '../rule.ts'

const base64Url = characterSet(`${alphanumerics}_-`)
const tokenCharacters = characterSet(`${alphanumerics}_-.~+/*:`)
const base64 = characterSet(`${alphanumerics}+/_-`)
const pemCharacters = characterSet(`${alphanumerics}+/=:,-`)

/** RFC 7519: header and payload are JSON objects, so both begin with `{"` in base64url, `eyJ`. The signature may be gone. */
const matchJwt: Matcher = (scan, at) => {
  const { text } = scan
  const start = at - 2
  if (start < scan.noJwtUntil || !text.startsWith('eyJ', start)) return 0
  if (start > 0 && base64Url[text.charCodeAt(start - 1)] === 1 && !isSeparator(text.charCodeAt(start - 1)))
    return 0
  const headerEnd = endOfRun(text, start, base64Url)
  if (headerEnd - start < 10) return 0
  if (text.charCodeAt(headerEnd) !== 46) {
    scan.noJwtUntil = headerEnd
    return isCutAt(text, headerEnd) && headerEnd - start >= 16 ? addHit(scan, 'jwt', start, headerEnd) : 0
  }
  const payloadEnd = endOfRun(text, headerEnd + 1, base64Url)
  const isWhole = payloadEnd - headerEnd > 8 || text.charCodeAt(payloadEnd) === 46
  if (!isWhole && !isCutAt(text, payloadEnd)) {
    scan.noJwtUntil = headerEnd
    return 0
  }
  // Two parts more for the encrypted form (RFC 7516).
  let end = payloadEnd
  for (let part = 0; part < 3 && text.charCodeAt(end) === 46; part++) end = endOfRun(text, end + 1, base64Url)
  return addHit(scan, 'jwt', start, end)
}

function isSeparator(code: number): boolean {
  return code === 45 || code === 95
}

/** RFC 7468, and PGP's form. Without its end the block goes as far as there is base64. */
const matchPrivateKey: Matcher = (scan, at) => {
  const { text } = scan
  if (!text.startsWith('-----BEGIN ', at - 5)) return 0
  const labelEnd = text.slice(at, at + 64).indexOf('-----')
  if (labelEnd === -1 || !text.slice(at, at + labelEnd).includes('PRIVATE KEY')) return 0
  let end = at + labelEnd + 5
  for (;;) {
    const wordStart = skipPemBlanks(text, end)
    const wordEnd = endOfRun(text, wordStart, pemCharacters)
    if (wordEnd === wordStart) break
    if (text.startsWith('-----END', wordStart)) {
      end = endOfPemLabel(text, wordStart + 8)
      break
    }
    if (!isPemWord(text, wordStart, wordEnd)) break
    end = wordEnd
  }
  return addHit(scan, 'private-key', at - 5, end)
}

/** White space, also as the escapes of JSON at any depth. */
function skipPemBlanks(text: string, from: number): number {
  let at = from
  for (;;) {
    const code = text.charCodeAt(at)
    if (code === 32 || (code >= 9 && code <= 13)) at++
    else if (code === 92) {
      let letter = at
      while (text.charCodeAt(letter) === 92) letter++
      const escaped = text.charCodeAt(letter)
      if (escaped !== 110 && escaped !== 114 && escaped !== 116) return at
      at = letter + 1
    } else return at
  }
}

function endOfPemLabel(text: string, from: number): number {
  const close = text.slice(from, from + 64).indexOf('-----')
  return close === -1 ? from : from + close + 5
}

/** A line of base64, the last and shorter one too, or one of the header fields of RFC 1421. */
function isPemWord(text: string, start: number, end: number): boolean {
  if (end - start >= 24 || end === text.length) return true
  for (let at = start; at < end; at++) {
    const code = text.charCodeAt(at)
    if (isDigit(code) || code === 43 || code === 47 || code === 61 || code === 58) return true
  }
  return false
}

/** RFC 6750 and RFC 7617: the scheme and what follows it. */
const matchAuthorizationScheme: Matcher = (scan, at) => {
  const isBearer = isWord(scan.text, at, 'bearer')
  if (!isBearer && !isWord(scan.text, at, 'basic')) return 0
  const start = skipSeparator(scan.text, at + (isBearer ? 6 : 5))
  if (start === 0) return 0
  const end = trimEnd(scan.text, start, endOfCredentials(scan.text, start, isBearer))
  const isCredential = isBearer ? looksLikeToken(scan, start, end) : isBasicCredential(scan, start, end)
  return isCredential ? addHit(scan, isBearer ? 'bearer' : 'basic', start, end) : 0
}

/** `bea` or `bas`. */
function beginsScheme(bytes: Uint8Array, at: number): boolean {
  const second = (bytes[at + 1] ?? 0) | 32
  const third = (bytes[at + 2] ?? 0) | 32
  return (second === 101 && third === 97) || (second === 97 && third === 115)
}

function isWord(text: string, at: number, word: string): boolean {
  for (let index = 0; index < word.length; index++) {
    if ((text.charCodeAt(at + index) | 32) !== word.charCodeAt(index)) return false
  }
  return true
}

/** One or more blanks, a form's `+`, or a colon between scheme and credentials; 0 when there is none. */
function skipSeparator(text: string, from: number): number {
  let at = from
  while (at < from + 8) {
    const code = text.charCodeAt(at)
    if (code !== 32 && code !== 9 && code !== 43 && code !== 58) break
    at++
  }
  return at === from ? 0 : at
}

function endOfCredentials(text: string, start: number, isBearer: boolean): number {
  let end = endOfRun(text, start, isBearer ? tokenCharacters : base64)
  while (text.charCodeAt(end) === 61) end++
  return end
}

/** A full stop or colon at the end belongs to the sentence. */
function trimEnd(text: string, start: number, from: number): number {
  let end = from
  while (end > start && (text.charCodeAt(end - 1) === 46 || text.charCodeAt(end - 1) === 58)) end--
  return end
}

/** No plain word: "Bearer authentication", "bearer realm=…", "Bearer token". */
function looksLikeToken({ text }: Scan, start: number, end: number): boolean {
  if (end - start < 2) return false
  if (end - start >= 20) return true
  let capitals = 0
  let others = 0
  for (let at = start; at < end; at++) {
    const code = text.charCodeAt(at)
    if (isUppercase(code)) capitals += at === start ? 0 : 1
    else if (!isLetter(code) && code !== 45 && code !== 61 && code !== 95) others++
  }
  return others > 0 || (capitals > 0 && !isUppercaseWord(text, start, end))
}

function isUppercaseWord(text: string, start: number, end: number): boolean {
  for (let at = start; at < end; at++)
    if (!isUppercase(text.charCodeAt(at)) && text.charCodeAt(at) !== 95) return false
  return true
}

/** Base64 of `user:password`; when it was cut, of what could become that. */
function isBasicCredential(scan: Scan, start: number, end: number): boolean {
  if (end - start < 4) return false
  const decoded = Buffer.from(scan.text.slice(start, Math.min(end, start + 1024)), 'base64').toString(
    'latin1',
  )
  const isText = /^[\x20-\x7e\x80-\xff]+$/.test(decoded)
  if (isText && decoded.includes(':')) return true
  if (end - start >= 20) return true
  return isText && isCutAt(scan.text, end) && looksLikeToken(scan, start, end)
}

const jwtPart = (length: number): string => `eyJ${'aGk1'.repeat(length)}`
const keyBlock = (label: string): string =>
  `-----BEGIN ${label}-----\n${'MIIEpAIB'.repeat(8)}\n${'AAKC0'.repeat(9)}==\n`

export const tokenRules: readonly ScanRule[] = [
  {
    id: 'jwt',
    kind: 'value',
    finders: [
      {
        triggers: [{ after: 'y', characters: 'J' }],
        mayMatch: (bytes, at) => bytes[at - 2] === 101,
        match: matchJwt,
      },
    ],
    catches: [
      `${jwtPart(5)}.${jwtPart(9)}.${'c2ln'.repeat(8)}`,
      `${jwtPart(5)}.${jwtPart(9)}`,
      `the token was ${jwtPart(5)}.${jwtPart(2)}`,
      `cut: ${jwtPart(5)}`,
    ],
    leaves: ['eyJ is how it starts', `cursor ${jwtPart(5)} is not valid`, 'keyJ.value.x'],
  },
  {
    id: 'private-key',
    kind: 'value',
    finders: [
      {
        triggers: [{ after: '-', characters: 'B' }],
        mayMatch: (bytes, at) => bytes[at + 1] === 69,
        match: matchPrivateKey,
      },
    ],
    catches: [
      `${keyBlock('PRIVATE KEY')}-----END PRIVATE KEY-----`,
      `${keyBlock('RSA PRIVATE KEY')}-----END RSA PRIVATE KEY-----`,
      keyBlock('EC PRIVATE KEY'),
      keyBlock('OPENSSH PRIVATE KEY').replaceAll('\n', '\\n'),
    ],
    leaves: ['-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----', '-----BEGIN PUBLIC KEY-----'],
  },
  {
    id: 'bearer',
    kind: 'value',
    finders: [
      {
        triggers: [{ after: boundaries, characters: 'Bb' }],
        mayMatch: beginsScheme,
        match: matchAuthorizationScheme,
      },
    ],
    catches: ['Bearer abc123', 'bearer AbCdEf', `BEARER ${'x'.repeat(24)}`, 'Bearer+a.b.c/d=='],
    leaves: ['Bearer token is missing', 'use Bearer authentication', 'bearer realm="api"', 'Bearer <token>'],
  },
  {
    id: 'basic',
    kind: 'value',
    finders: [
      {
        triggers: [{ after: ascii.replace(/[A-Za-z0-9]/g, ''), characters: 'Bb' }],
        mayMatch: beginsScheme,
        match: matchAuthorizationScheme,
      },
    ],
    catches: [
      `Basic ${btoa('user:password')}`,
      `basic ${btoa('a:b')} was refused`,
      `Basic ${btoa('user:password').slice(0, 11)}`,
    ],
    leaves: ['Basic authentication failed', 'basic auth', `a Basic plan has ${digits.slice(1, 3)} seats`],
  },
]
