/** A found secret, in offsets of the text as it came. */
export interface SourceHit {
  readonly start: number
  readonly end: number
  readonly ruleId: string
  /** The secret with its escapes decoded, so that its hash is the same however it was written. */
  readonly secret: string
  /** What surrounds the replacement: the quotes of JSON, escaped as they are at this depth, or ''. */
  readonly quote: string
}

/** Hits in order, each with all that overlap it; it goes by the name of the longest. */
export function joinOverlapping(text: string, hits: readonly SourceHit[]): SourceHit[] {
  const sorted = hits.map((hit) => {
    const start = startOfEscape(text, hit.start)
    return start === hit.start ? hit : { ...hit, start }
  })
  sorted.sort((a, b) => a.start - b.start || b.end - a.end)
  const joined: SourceHit[] = []
  let longest = 0
  for (const hit of sorted) {
    const last = joined.at(-1)
    const length = hit.end - hit.start
    if (last === undefined || hit.start >= last.end) {
      joined.push(hit)
      longest = length
      continue
    }
    const named = length > longest ? hit : last
    joined[joined.length - 1] = { ...named, start: last.start, end: Math.max(last.end, hit.end) }
    longest = Math.max(length, longest)
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
