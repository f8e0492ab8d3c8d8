import { marker } from './marker.ts'

/** The member of a JSON object: offsets of its name (between the quotes) and of its value. */
interface Member {
  readonly nameStart: number
  readonly nameEnd: number
  readonly valueStart: number
  readonly valueEnd: number
}

const quote = 34

/**
 * The header object with the values replaced of all headers that are not kept by name. What is not an object is
 * replaced as a whole; of an object that was cut off, the members before the cut are kept. The values that remain are
 * still to be redacted as text.
 */
export function redactHeaderNames(
  json: string,
  keeps: (name: string) => boolean,
  replacement: (value: string) => string,
): string {
  const open = skipBlanks(json, 0)
  if (open === json.length) return ''
  if (json.charCodeAt(open) !== 123) return marker('header')
  let redacted = ''
  let copied = 0
  let at = open + 1
  for (;;) {
    at = skipBlanks(json, at)
    if (json.charCodeAt(at) === 125) return finish(json, redacted, copied, at)
    const member = readMember(json, at)
    if (member === undefined) return closed(redacted + json.slice(copied, at))
    if (!keeps(headerName(json, member))) {
      const value = json.slice(member.valueStart, member.valueEnd)
      const replaced = replacement(value)
      if (value !== replaced) {
        redacted += json.slice(copied, member.valueStart) + replaced
        copied = member.valueEnd
      }
    }
    at = skipBlanks(json, member.valueEnd)
    if (json.charCodeAt(at) === 44) at++
    else if (json.charCodeAt(at) !== 125) return closed(redacted + json.slice(copied, member.valueEnd))
  }
}

function finish(json: string, redacted: string, copied: number, close: number): string {
  // Nothing may follow the object: it would not have been looked at.
  if (copied === 0 && skipBlanks(json, close + 1) === json.length) return json
  return redacted + json.slice(copied, close + 1)
}

function closed(object: string): string {
  const end = object.trimEnd()
  return `${end.endsWith(',') ? end.slice(0, -1) : end}}`
}

/** The object with as many of its first members as fit in `maxBytes` of UTF-8. */
export function limitHeaders(json: string, maxBytes: number): string {
  if (json.length * 3 <= maxBytes || Buffer.byteLength(json) <= maxBytes) return json
  if (json.charCodeAt(0) !== 123) return ''
  let end = 1
  let bytes = 2
  for (let at = 1; ; ) {
    const member = readMember(json, skipBlanks(json, at))
    if (member === undefined) break
    bytes += Buffer.byteLength(json.slice(end, member.valueEnd))
    if (bytes > maxBytes) break
    end = member.valueEnd
    at = skipBlanks(json, end)
    if (json.charCodeAt(at) !== 44) break
    at++
  }
  return end === 1 ? '' : `${json.slice(0, end)}}`
}

function headerName(json: string, { nameStart, nameEnd }: Member): string {
  const name = json.slice(nameStart, nameEnd)
  // A name with an escape is none of those that are kept.
  return name.includes('\\') ? '' : name
}

function readMember(json: string, at: number): Member | undefined {
  if (json.charCodeAt(at) !== quote) return undefined
  const nameEnd = closingQuote(json, at + 1)
  const colon = skipBlanks(json, nameEnd + 1)
  if (json.charCodeAt(nameEnd) !== quote || json.charCodeAt(colon) !== 58) return undefined
  const valueStart = skipBlanks(json, colon + 1)
  const valueEnd = endOfValue(json, valueStart)
  if (valueEnd === 0) return undefined
  return { nameStart: at + 1, nameEnd, valueStart, valueEnd }
}

/** 0 when the value does not end. */
function endOfValue(json: string, start: number): number {
  let depth = 0
  let at = start
  while (at < json.length) {
    const code = json.charCodeAt(at)
    if (code === quote) {
      const close = closingQuote(json, at + 1)
      if (json.charCodeAt(close) !== quote) return 0
      at = close + 1
      if (depth === 0) return at
      continue
    }
    if (code === 123 || code === 91) depth++
    else if (code === 125 || code === 93) {
      if (depth === 0) return at > start ? at : 0
      if (--depth === 0) return at + 1
    } else if (code === 44 && depth === 0) return at > start ? at : 0
    at++
  }
  return 0
}

function closingQuote(json: string, from: number): number {
  const close = json.indexOf('"', from)
  if (close === -1) return json.length
  if (json.charCodeAt(close - 1) !== 92) return close
  let at = from
  while (at < json.length && json.charCodeAt(at) !== quote) at += json.charCodeAt(at) === 92 ? 2 : 1
  return at
}

function skipBlanks(text: string, from: number): number {
  let at = from
  while (at < text.length) {
    const code = text.charCodeAt(at)
    if (code !== 32 && code !== 9 && code !== 10 && code !== 13) break
    at++
  }
  return at
}
