import type { Choose, OtlpRequest } from './otlp-arbitrary.ts'

const idKeys = new Set(['traceId', 'spanId', 'parentSpanId'])
const uint64Keys = new Set(['timeUnixNano', 'observedTimeUnixNano', 'startTimeUnixNano', 'endTimeUnixNano'])
const unknownMembers = [
  '"unknown":{"events":[{"name":"ops.upstream_error"}],"a":[1,-2.5e-3,true,null,""]}',
  '"resource_spans":[]',
  '"":"\\ud83d\\ude00 \\ud800 \\"}],"',
]

/** The request in OTLP/JSON; `choose` picks among the spellings that are allowed, the first being the usual one. */
export function writeJson(request: OtlpRequest, choose: Choose = () => 0): Buffer {
  return Buffer.from(space(choose) + object(request, choose) + space(choose))
}

function object(value: object, choose: Choose): string {
  const members = Object.entries(value).map(
    ([key, item]) => `${string(key, choose)}${space(choose)}:${space(choose)}${member(key, item, choose)}`,
  )
  if (choose(5) === 1) members.push(unknownMembers[choose(unknownMembers.length)] as string)
  const result: string[] = []
  while (members.length > 0) result.push(...members.splice(choose(2) === 0 ? 0 : choose(members.length), 1))
  return `{${space(choose)}${result.join(`${space(choose)},${space(choose)}`)}${space(choose)}}`
}

function member(key: string, value: unknown, choose: Choose): string {
  if (value instanceof Uint8Array) return idKeys.has(key) ? hex(value, choose) : base64(value, choose)
  if (uint64Keys.has(key)) return choose(3) === 1 ? String(value) : `"${value}"`
  return json(value, choose)
}

function json(value: unknown, choose: Choose): string {
  if (typeof value === 'bigint') return choose(2) === 0 ? `"${value}"` : String(value)
  if (typeof value === 'number') return number(value, choose)
  if (typeof value === 'string') return string(value, choose)
  if (Array.isArray(value)) {
    return `[${space(choose)}${value.map((item) => json(item, choose)).join(`,${space(choose)}`)}${space(choose)}]`
  }
  if (value !== null && typeof value === 'object') return object(value, choose)
  return JSON.stringify(value)
}

function number(value: number, choose: Choose): string {
  if (!Number.isFinite(value)) return `"${value}"`
  const text = Object.is(value, -0) ? '-0' : String(value)
  return choose(5) === 1 ? `"${text}"` : text
}

function string(value: string, choose: Choose): string {
  if (choose(4) !== 1) return JSON.stringify(value)
  const escaped = Array.from({ length: value.length }, (_, i) => {
    const unit = value.charCodeAt(i).toString(16).padStart(4, '0')
    return `\\u${choose(2) === 0 ? unit : unit.toUpperCase()}`
  })
  return `"${escaped.join('')}"`
}

function hex(value: Uint8Array, choose: Choose): string {
  const text = Buffer.from(value).toString('hex')
  return `"${choose(2) === 0 ? text : text.toUpperCase()}"`
}

function base64(value: Uint8Array, choose: Choose): string {
  return `"${Buffer.from(value).toString(choose(2) === 0 ? 'base64' : 'base64url')}"`
}

function space(choose: Choose): string {
  return ['', '', '', ' ', '\n\t', '\r\n  '][choose(6)] as string
}
