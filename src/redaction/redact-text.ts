import { decodeEscapes } from './decoded-view.ts'
import { joinOverlapping, type SourceHit } from './join-hits.ts'
import type { Hit, Scan, UserRule } from './rule.ts'
import { minChars, type Scanner } from './scan.ts'
import { createViewStack, type ViewStack } from './view-stack.ts'

/** JSON inside strings is read this deep (reliability.md, section 4); one more level is for percent-encoding. */
const maxViews = 4
/** A replacement can bring what stood around it next to each other; what that makes is taken out, too. */
const maxPasses = 4
export interface TextRedaction {
  readonly scanner: Scanner
  readonly userRules: readonly UserRule[]
  readonly replacement: (ruleId: string, secret: string) => string
}

/**
 * Makes the function that takes secrets out of a text: as it stands, and with its escapes decoded level by level, so
 * that JSON inside of JSON strings and URL-encoded values are seen as what they mean. Only the secrets are replaced;
 * everything else stays byte for byte, and JSON stays JSON. Returns the same string when there is nothing to replace.
 */
export function createTextRedaction(rules: TextRedaction): (text: string) => string {
  const views = createViewStack()
  const scan: Scan = { text: '', hits: [], keyedUntil: 0, noJwtUntil: 0, hasEscapes: false, source: views }

  /** Finds what the rules find in one view of the text. */
  function scanView(text: string, from: number): void {
    scan.text = text
    if (scan.hits.length > 0) scan.hits.length = 0
    scan.keyedUntil = 0
    scan.noJwtUntil = 0
    scan.hasEscapes = false
    rules.scanner.find(text, scan, from)
    for (let index = 0; index < rules.userRules.length; index++) addUserHits(scan, rules.userRules[index])
  }

  /** Finds secrets in all views; undefined when there are none. */
  function findSecrets(text: string, from: number): SourceHit[] | undefined {
    views.reset(text)
    scanView(text, from)
    let found =
      scan.hits.length === 0 ? undefined : scan.hits.map((hit) => toSourceHit(scan.text, hit, views))
    while (scan.hasEscapes && views.depth() < maxViews) {
      const view = decodeEscapes(scan.text, views.isFresh)
      if (view === undefined) break
      views.push(view)
      scanView(view.text, 0)
      if (scan.hits.length > 0)
        found = [...(found ?? []), ...scan.hits.map((hit) => toSourceHit(scan.text, hit, views))]
    }
    return found
  }

  const firstCandidate = rules.userRules.length === 0 ? rules.scanner.firstCandidate : () => 0

  return (text) => {
    if (text.length < minChars) return text
    const first = firstCandidate(text)
    if (first === -1) return text
    let current = text
    for (let pass = 0; pass < maxPasses; pass++) {
      const hits = findSecrets(current, pass === 0 ? first : 0)
      if (hits === undefined) return current
      const next = replaceHits(current, hits, rules)
      if (next === current) return current
      current = next
    }
    return current
  }
}

function addUserHits(scan: Scan, rule: UserRule | undefined): void {
  const offsets = rule?.find(scan.text) ?? []
  for (let index = 0; index + 1 < offsets.length; index += 2) {
    const [start = 0, end = 0] = offsets.slice(index, index + 2)
    scan.hits.push({ start, end, ruleId: rule?.id ?? '', quoteAt: -1 })
  }
}

function toSourceHit(text: string, hit: Hit, views: ViewStack): SourceHit {
  const isNegative = hit.quoteAt === -1 && text.charCodeAt(hit.start - 1) === 45
  const start = isNegative ? hit.start - 1 : hit.start
  const quote = hit.quoteAt === -1 ? quoteForNumber(text, start, hit.end, views) : views.written(hit.quoteAt)
  return {
    start: views.toSource(quote === '' ? hit.start : start),
    end: views.toSource(hit.end),
    ruleId: hit.ruleId,
    secret: text.slice(hit.start, hit.end),
    quote,
  }
}

const maxQuoteDistance = 4096

/** The quote for the marker where a number of JSON was, written as others around it; '' where none was. */
function quoteForNumber(text: string, start: number, end: number, views: ViewStack): string {
  const first = text.charCodeAt(start)
  if (first !== 45 && !(first >= 48 && first <= 57)) return ''
  if (!/[:,[]\s{0,64}$/.test(text.slice(Math.max(0, start - 65), start))) return ''
  if (!/^\s{0,64}[,}\]]/.test(text.slice(end, end + 65)) || !/^-?\d+$/.test(text.slice(start, end))) return ''
  if (views.depth() === 0) return '"'
  const from = Math.max(0, start - maxQuoteDistance)
  const quoteAt = text.slice(from, start).lastIndexOf('"')
  return quoteAt === -1 ? '' : views.written(from + quoteAt)
}

function replaceHits(text: string, hits: SourceHit[], rules: TextRedaction): string {
  // Joined once: a text that grows by many small additions leaves a tree of them behind until it is read.
  const pieces: string[] = []
  let copied = 0
  for (const { start, end, ruleId, secret, quote } of joinOverlapping(text, hits)) {
    const replacement = rules.replacement(ruleId, secret)
    pieces.push(text.slice(copied, start), quote === '' ? replacement : quote + replacement + quote)
    copied = end
  }
  pieces.push(text.slice(copied))
  return pieces.join('')
}
