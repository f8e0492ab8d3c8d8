export const markerOpening = '[REDACTED:'
const idCharacters = /^[a-z0-9][a-z0-9_-]{0,63}$/

/** Ids that stand in markers without being rules of their own: a whole body, and what was cut off before us. */
export const bodyMarkerId = 'body'
export const cutMarkerId = 'cut'

export function isRuleId(id: string): boolean {
  return idCharacters.test(id)
}

/** What stands for a secret: `[REDACTED:rule]`, with a keyed hash `[REDACTED:rule:1f2e3d4c5b6a]`. */
export function marker(ruleId: string, hash?: string): string {
  return hash === undefined ? `${markerOpening}${ruleId}]` : `${markerOpening}${ruleId}:${hash}]`
}

const longestMarker = markerOpening.length + 64 + 1 + 64 + 1

/**
 * Where the marker ends that starts at `at`; 0 when there is none. Only ids of this redactor's rules count, so that
 * nothing can hide between the brackets.
 */
export function endOfMarker(text: string, at: number, ruleIds: ReadonlySet<string>): number {
  if (!text.startsWith(markerOpening, at)) return 0
  const window = text.slice(at + markerOpening.length, at + longestMarker)
  const close = window.indexOf(']')
  if (close === -1) return 0
  const colon = window.indexOf(':')
  const hasHash = colon !== -1 && colon < close
  if (!ruleIds.has(window.slice(0, hasHash ? colon : close))) return 0
  if (hasHash && !/^[0-9a-f]{8,64}$/.test(window.slice(colon + 1, close))) return 0
  return at + markerOpening.length + close + 1
}

const anyMarker = /\[REDACTED:[a-z0-9_-]{1,64}(?::[0-9a-f]{8,64})?\]/y

/** Where the marker ends that starts at `at`, whatever made it; 0 when there is none. */
export function endOfAnyMarker(text: string, at: number): number {
  if (text.charCodeAt(at) !== 91) return 0
  anyMarker.lastIndex = at
  return anyMarker.test(text) ? anyMarker.lastIndex : 0
}

/** Whether this part of the text is one marker and nothing else. */
export function isMarkerBetween(text: string, start: number, end: number): boolean {
  return start < end && endOfAnyMarker(text, start) === end
}
