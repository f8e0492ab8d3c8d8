const plain = new Intl.NumberFormat('en')
const short = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 })

/** All digits, in groups. */
export const wholeNumber = (value: number): string => plain.format(value)

/** At most five characters or so: 9,481 stays, 12,345 is 12.3K. */
export const shortNumber = (value: number): string =>
  value < 10_000 ? plain.format(value) : short.format(value)

/** 1 error, 2,000 errors */
export const errorCount = (count: number, format = wholeNumber): string =>
  `${format(count)} ${count === 1 ? 'error' : 'errors'}`

/** A change in words that fit beside a number. */
export interface Change {
  readonly direction: 'up' | 'down' | 'same' | 'new'
  readonly text: string
}

/** How a count relates to the one before: percent up to twice as much, then times. */
export function changeOf(count: number, before: number): Change {
  if (count === before) return { direction: 'same', text: 'no change' }
  if (before === 0) return { direction: 'new', text: 'new' }
  const ratio = count / before
  if (ratio >= 2) return { direction: 'up', text: `${ratio >= 10 ? Math.round(ratio) : ratio.toFixed(1)}×` }
  const percent = Math.round((ratio - 1) * 100)
  if (percent === 0) return { direction: 'same', text: '±0 %' }
  return { direction: percent > 0 ? 'up' : 'down', text: `${Math.abs(percent)} %` }
}

/** 512 B, 1.4 KB, 2.0 MB */
export function byteSize(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`
  return bytes < 1e6 ? `${(bytes / 1e3).toFixed(1)} KB` : `${(bytes / 1e6).toFixed(1)} MB`
}
