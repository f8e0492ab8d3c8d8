/**
 * The text cut to `maxBytes` of UTF-8, never inside of a character; `bytes` is the size of all of it. Secrets are taken
 * out before: a key that is cut no longer looks like one.
 */
export function truncateText(value: string, maxBytes: number): { text: string; bytes: number } {
  // A UTF-16 unit takes at most 3 bytes.
  const bytes = Buffer.byteLength(value)
  return { text: bytes <= maxBytes ? value : cutText(value, maxBytes), bytes }
}

/** The text cut to `maxBytes` of UTF-8, never inside of a character; the same string when it fits. */
export function cutText(value: string, maxBytes: number): string {
  if (value.length * 3 <= maxBytes) return value
  if (maxBytes <= 0) return ''
  // No more than `maxBytes` units can fit, so the rest of a very long text is not looked at.
  const window = value.length > maxBytes + 1 ? value.slice(0, maxBytes + 1) : value
  const bytes = Buffer.from(window)
  if (bytes.length <= maxBytes) return window.length === value.length ? value : window
  let end = maxBytes
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end--
  return bytes.toString('utf8', 0, end)
}
