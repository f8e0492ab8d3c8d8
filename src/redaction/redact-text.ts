import { decodeEscapes, sourceOffset, type View } from './decoded-view.ts'
import type { Scan, UserRule } from './rule.ts'

/** JSON inside strings is read this deep (reliability.md, section 4); one more level is for percent-encoding. */
const maxViews = 4
/** A replacement can bring what stood around it next to each other; what that makes is taken out, too. */
const maxPasses = 4

interface SourceHit {
  start: number
  end: number
  readonly ruleId: string
  /** The secret with its escapes decoded, so that its hash is the same however it was written. */
  readonly secret: string
  /** What surrounds the replacement: the quotes of JSON, escaped as they are at this depth, or ''. */
  readonly quote: string
}

export interface TextRedaction {
  readonly scanText: (text: string, scan: Scan) => void
  readonly userRules: readonly UserRule[]
  readonly replacement: (ruleId: string, secret: string) => string
}

/**
 * Makes the function that takes secrets out of a text: as it stands, and with its escapes decoded level by level, so
 * that JSON inside of JSON strings and URL-encoded values are seen as what they mean. Only the secrets are replaced;
 * everything else stays byte for byte. Returns the same string when there is nothing to replace.
 */
export function createTextRedaction(rules: TextRedaction): (text: string) => string {
  const scan: Scan = { text: '', hits: [], keyedUntil: 0, noJwtUntil: 0, hasEscapes: false }
  return (text) => {
    let current = text
    for (let pass = 0; pass < maxPasses; pass++) {
      const hits = findSecrets(current, rules, scan)
      if (hits === undefined) return current
      const next = replaceHits(current, hits, rules)
      if (next === current) return current
      current = next
    }
    return current
  }
}

function findSecrets(text: string, rules: TextRedaction, scan: Scan): SourceHit[] | undefined {
  let found: SourceHit[] | undefined
  const views: View[] = []
  let current = text
  for (;;) {
    begin(scan, current)
    rules.scanText(current, scan)
    for (const rule of rules.userRules) addUserHits(scan, rule)
    for (const hit of scan.hits) {
      found ??= []
      found.push({
        start: toSource(views, hit.start),
        end: toSource(views, hit.end),
        ruleId: hit.ruleId,
        secret: current.slice(hit.start, hit.end),
        quote:
          hit.quoteAt === -1
            ? ''
            : text.slice(toSource(views, hit.quoteAt), toSource(views, hit.quoteAt + 1)),
      })
    }
    if (!scan.hasEscapes || views.length === maxViews) break
    const view = decodeEscapes(current)
    if (view === undefined) break
    views.push(view)
    current = view.text
  }
  return found
}

function begin(scan: Scan, text: string): void {
  scan.text = text
  if (scan.hits.length > 0) scan.hits.length = 0
  scan.keyedUntil = 0
  scan.noJwtUntil = 0
  scan.hasEscapes = false
}

function toSource(views: readonly View[], offset: number): number {
  let source = offset
  for (let level = views.length - 1; level >= 0; level--) {
    const view = views[level]
    if (view !== undefined) source = sourceOffset(view, source)
  }
  return source
}

function addUserHits(scan: Scan, rule: UserRule): void {
  const offsets = rule.find(scan.text)
  for (let index = 0; index + 1 < offsets.length; index += 2) {
    scan.hits.push({ start: offsets[index] ?? 0, end: offsets[index + 1] ?? 0, ruleId: rule.id, quoteAt: -1 })
  }
}

function replaceHits(text: string, hits: SourceHit[], rules: TextRedaction): string {
  let redacted = ''
  let copied = 0
  for (const hit of joinOverlapping(text, hits)) {
    redacted +=
      text.slice(copied, hit.start) + hit.quote + rules.replacement(hit.ruleId, hit.secret) + hit.quote
    copied = hit.end
  }
  return redacted + text.slice(copied)
}

/** Hits in order, each with all that overlap it; it goes by the name of the longest. */
function joinOverlapping(text: string, hits: SourceHit[]): SourceHit[] {
  for (const hit of hits) hit.start = startOfEscape(text, hit.start)
  hits.sort((a, b) => a.start - b.start || b.end - a.end)
  const joined: SourceHit[] = []
  let longest = 0
  for (const hit of hits) {
    const last = joined.at(-1)
    if (last === undefined || hit.start >= last.end) {
      joined.push(hit)
      longest = hit.end - hit.start
      continue
    }
    const end = Math.max(last.end, hit.end)
    if (hit.end - hit.start > longest) {
      longest = hit.end - hit.start
      joined[joined.length - 1] = { ...hit, start: last.start, end }
    } else last.end = end
  }
  return joined
}

/** A hit that begins inside of an escape (`\bearer …`) takes all of it, or broken JSON would be left. */
function startOfEscape(text: string, start: number): number {
  let at = start
  while (at > 0 && text.charCodeAt(at - 1) === 92) at--
  if (at < start) return at
  for (at = start - 2; at >= Math.max(0, start - 5); at--) {
    if (text.startsWith('\\u', at)) return startOfEscape(text, at + 1)
  }
  return start
}
