import { filterAliases, isFilterName } from './filter-names.ts'

/** One condition, in the notation of the API: `!` in front of the text excludes. */
export interface Filter {
  readonly name: string
  readonly text: string
}

export const isExcluding = (filter: Filter): boolean => filter.text.startsWith('!')

/** The value that a filter compares with, without the notation around it. */
export function filterValue({ name, text }: Filter): string {
  const value = text.startsWith('!') ? text.slice(1) : text
  return name !== 'q' && value.startsWith('\\') ? value.slice(1) : value
}

/** The filter for a value as it is stored: text that the API would read as its own notation is escaped. */
export function filterFor(name: string, value: string, exclude = false): Filter {
  const escaped = /^[!\\]/.test(value) && name !== 'q' ? `\\${value}` : value
  return { name, text: exclude ? `!${escaped}` : escaped }
}

export const sameFilter = (one: Filter, other: Filter): boolean =>
  one.name === other.name && one.text === other.text

/** The filters with one more; a condition and its opposite do not stand side by side. */
export function addFilter(filters: readonly Filter[], added: Filter): readonly Filter[] {
  const opposite = invertFilter(added)
  const kept = filters.filter((filter) => !sameFilter(filter, added) && !sameFilter(filter, opposite))
  return [...kept, added]
}

export function invertFilter({ name, text }: Filter): Filter {
  return { name, text: text.startsWith('!') ? text.slice(1) : `!${text}` }
}

/**
 * What was typed into the filter bar: `platform:openai`, `-platform:openai`, `status:5xx`, `latency:>=1000`; else
 * words of the message.
 */
export function parseTyped(typed: string): Filter | undefined {
  const text = typed.trim()
  if (text === '') return undefined
  const [, minus, word, value] = /^([-!]?)([a-z_]+):(.*)$/is.exec(text) ?? []
  const name = nameOf(word ?? '')
  if (name !== undefined && value !== undefined)
    return { name, text: `${minus ? '!' : ''}${unquote(value.trim())}` }
  const excluded = /^[-!](.+)$/s.exec(text)?.[1]
  return excluded ? { name: 'q', text: `!${excluded}` } : { name: 'q', text }
}

/** The filter that a word stands for. */
export function nameOf(word: string): string | undefined {
  const lower = word.toLowerCase()
  const name = filterAliases[lower] ?? lower
  return isFilterName(name) ? name : undefined
}

function unquote(value: string): string {
  return /^"(.*)"$/s.exec(value)?.[1] ?? value
}
