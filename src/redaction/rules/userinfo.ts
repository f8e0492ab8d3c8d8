import { alphanumerics, characterSet, isDigit } from '../characters.ts'
import { isMarkerBetween } from '../marker.ts'
import { addHit, type Matcher, type ScanRule } from '../rule.ts'

/** What ends the authority of a URL (RFC 3986, section 3.2), and what ends a URL in running text. */
const ends = characterSet('/?#')
const outside = characterSet('\0\t\n\v\f\r "<>\\`{}|^')
const schemeCharacters = characterSet(`${alphanumerics}+-.`)
const maxAuthorityChars = 2048
const maxStrayChars = 256

/** `scheme://user:password@host`: all before the last `@` of the authority. */
const matchUserinfo: Matcher = (scan, at) => {
  const { text } = scan
  if (text.charCodeAt(at + 1) !== 47 || text.charCodeAt(at + 2) !== 47) return 0
  if (at === 0 || schemeCharacters[text.charCodeAt(at - 1)] !== 1) return 0
  return addUserinfo(scan.text, at + 3, (start, end) => addHit(scan, 'userinfo', start, end))
}

/** Whether an authority has one of the characters without which `addUserinfo` finds nothing. */
function mayHaveUserinfo(bytes: Uint8Array, start: number): boolean {
  const limit = start + maxAuthorityChars
  for (let at = start; at < Math.min(bytes.length, limit); at++) {
    const code = bytes[at] as number
    if (code === 64 || code === 58) return true
    if (ends[code] === 1 || outside[code] === 1) return false
  }
  // A long one goes on: its characters can take several bytes.
  return bytes.length > limit
}

/** Finds the userinfo of the authority that starts at `start`. */
function addUserinfo(text: string, start: number, add: (start: number, end: number) => number): number {
  let lastAt = -1
  let colon = -1
  let end = start
  const limit = Math.min(text.length, start + maxAuthorityChars)
  while (end < limit) {
    const code = text.charCodeAt(end)
    if (ends[code] === 1 || outside[code] === 1) break
    if (code === 64) lastAt = end
    else if (code === 58 && lastAt === -1) colon = end
    end++
  }
  // A colon with no port after it: the password holds a `/`, `?` or `#` that was not encoded.
  if (lastAt === -1 && colon !== -1 && ends[text.charCodeAt(end)] === 1 && !isPort(text, colon + 1, end)) {
    lastAt = strayAt(text, end)
  }
  if (lastAt === -1 && end === text.length && colon !== -1 && !isPort(text, colon + 1, end)) lastAt = end
  return lastAt <= start || isMarkerBetween(text, start, lastAt) ? 0 : add(start, lastAt)
}

function isPort(text: string, from: number, end: number): boolean {
  for (let at = from; at < end; at++) if (!isDigit(text.charCodeAt(at))) return false
  return end - from <= 5 || text.charCodeAt(from - 2) === 93
}

function strayAt(text: string, from: number): number {
  const limit = Math.min(text.length, from + maxStrayChars)
  let lastAt = -1
  for (let at = from; at < limit; at++) {
    const code = text.charCodeAt(at)
    if (outside[code] === 1 || text.startsWith('://', at)) break
    if (code === 64) lastAt = at
  }
  return lastAt
}

export const userinfoRule: ScanRule = {
  id: 'userinfo',
  kind: 'value',
  finders: [
    {
      triggers: [{ after: `${alphanumerics}+-.`, characters: ':' }],
      mayMatch: (bytes, at) => bytes[at + 1] === 47 && bytes[at + 2] === 47 && mayHaveUserinfo(bytes, at + 3),
      match: matchUserinfo,
    },
  ],
  catches: [
    'postgres://app:hunter2@db:5432/x',
    'https://token@github.com/a/b',
    'redis://:p%40ss@h:1',
    'amqp://u:p/a?s@host/v',
    'see http://u:p@h',
  ],
  leaves: ['https://api.openai.com:443/v1@2', 'http://[::1]:80/a', 'https://example.com/@user', 'note: a@b'],
}

/** The start and end of the userinfo in a URL without scheme (`user:pass@host/path`, `//user@host`), if it has one. */
export function relativeUserinfo(url: string): readonly [number, number] | undefined {
  const start = url.startsWith('//') ? 2 : 0
  if (start === 0 && !/^[^/?#@:\s]{0,256}:[^/?#@\s]{0,256}@/.test(url)) return undefined
  let found: readonly [number, number] | undefined
  addUserinfo(url, start, (from, end) => {
    found = [from, end]
    return end
  })
  return found
}
