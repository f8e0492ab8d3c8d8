import { OpsError } from '../errors.ts'
import { filterColumns } from '../store/queries/filter-columns.ts'
import type { Filter, MessageSearch, NumberRange } from '../store/queries/filters.ts'

type FilterColumn = (typeof filterColumns)[number]

/** Texts of each filter parameter, repeated ones in order. */
export type FilterTexts = Readonly<Record<string, readonly string[] | undefined>>

/**
 * Filters from their parameters. Values of one parameter are alternatives, and `!` in front excludes one; different
 * parameters must all hold. An empty value means that nothing is known; `\` in front takes the rest as it stands.
 * @throws OpsError `invalid_parameter`, naming the parameter.
 */
export function parseFilters(texts: FilterTexts): Filter[] {
  const filters: Filter[] = []
  for (const column of filterColumns) {
    const values = texts[column.name]
    if (values !== undefined && values.length > 0) filters.push(parseColumn(column, values))
  }
  const searches = texts.q
  if (searches !== undefined && searches.length > 0) {
    filters.push({ form: 'message', column: 'error_message', ...split('q', searches, parseSearch) })
  }
  return filters
}

function parseColumn(column: FilterColumn, texts: readonly string[]): Filter {
  const { name } = column
  switch (column.form) {
    case 'text':
      return { form: 'text', column: name, ...split(name, texts, (text) => parseText(column, text)) }
    case 'hex':
      return { form: 'text', column: name, ...split(name, texts, (text) => parseHex(name, text)) }
    case 'fingerprint':
      return {
        form: 'fingerprint',
        column: name,
        ...split(name, texts, (text) => parseFingerprint(name, text)),
      }
    case 'number':
      return { form: 'number', column: name, ...split(name, texts, (text) => parseRange(column, text)) }
    case 'flag':
      return { form: 'flag', column: name, value: parseFlag(name, texts) }
  }
}

function invalid(parameter: string, why: string): OpsError {
  return new OpsError('invalid_parameter', `${parameter}: ${why}`, { extra: { parameter } })
}

function split<Value>(
  parameter: string,
  texts: readonly string[],
  parse: (text: string) => Value,
): { include: Value[]; exclude: Value[] } {
  if (texts.some((text) => text.includes('\0'))) throw invalid(parameter, 'holds a NUL character')
  const excluded = texts.filter((text) => text.startsWith('!'))
  return {
    include: texts.filter((text) => !text.startsWith('!')).map(parse),
    exclude: excluded.map((text) => parse(text.slice(1))),
  }
}

function parseText({ name, choices }: FilterColumn, text: string): string {
  const value = text.startsWith('\\') ? text.slice(1) : text
  if (choices !== undefined && !choices.some((choice) => choice === value))
    throw invalid(name, `${JSON.stringify(value)} is none of ${choices.join(', ')}`)
  return value
}

function parseHex(name: string, text: string): string {
  const digits = name === 'trace_id' ? 32 : 16
  if (text !== '' && !new RegExp(`^[0-9a-fA-F]{${digits}}$`).test(text))
    throw invalid(name, `${JSON.stringify(text)} is not ${digits} hex digits`)
  return text.toLowerCase()
}

function parseFingerprint(name: string, text: string): string {
  if (!/^[0-9a-fA-F]{16}$/.test(text)) throw invalid(name, `${JSON.stringify(text)} is not 16 hex digits`)
  return BigInt(`0x${text}`).toString()
}

function parseFlag(name: string, texts: readonly string[]): boolean {
  const [text] = texts
  if (texts.length !== 1 || (text !== 'true' && text !== 'false'))
    throw invalid(name, 'is one of true, false')
  return text === 'true'
}

const rangeForms = '429, 5xx (status only), >=1000, >1000, <=1000, <1000, 100..500, 100.. or ..500'

/** Where 0 stands for what is not known, a range that begins with it does not hold it. */
function parseRange(column: FilterColumn, text: string): NumberRange {
  const maxNumber = column.maxNumber ?? 0
  const { min, max } = readRange(column.name, text, maxNumber)
  if (!Number.isSafeInteger(min) || !Number.isSafeInteger(max) || min < 0 || max > maxNumber || min > max)
    throw invalid(column.name, `${JSON.stringify(text)} is not between 0 and ${maxNumber}, lower bound first`)
  return column.zeroIsAbsent && min === 0 && max > 0 ? { min: 1, max } : { min, max }
}

function readRange(name: string, text: string, maxNumber: number): NumberRange {
  if (text === '') return { min: 0, max: 0 }
  const statusClass = name === 'status_code' ? /^([1-9])xx$/i.exec(text)?.[1] : undefined
  if (statusClass !== undefined)
    return { min: Number(statusClass) * 100, max: Number(statusClass) * 100 + 99 }
  const comparison = /^(>=|>|<=|<)?(\d{1,10})$/.exec(text)
  if (comparison) {
    const value = Number(comparison[2])
    switch (comparison[1]) {
      case '>=':
        return { min: value, max: maxNumber }
      case '>':
        return { min: value + 1, max: maxNumber }
      case '<=':
        return { min: 0, max: value }
      case '<':
        return { min: 0, max: value - 1 }
      default:
        return { min: value, max: value }
    }
  }
  const between = /^(\d{0,10})\.\.(\d{0,10})$/.exec(text)
  if (between && (between[1] || between[2]))
    return { min: Number(between[1] || 0), max: between[2] ? Number(between[2]) : maxNumber }
  throw invalid(name, `${JSON.stringify(text)} is no number or range: ${rangeForms}`)
}

/** What the text index's tokenizer `splitByNonAlpha` takes as one word: ASCII letters and digits, all beyond ASCII. */
const wordPattern = /[a-z0-9\u0080-\u{10ffff}]+/gu

/**
 * Words, and phrases in quotes. A word with punctuation in it, such as `rate-limit`, is a phrase as well. ClickHouse's
 * `lower` knows ASCII only, so that is what is lower-cased here.
 */
function parseSearch(text: string): MessageSearch {
  const lower = text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase())
  const words: string[] = []
  const phrases: string[] = []
  for (const [, quoted, plain] of lower.matchAll(/"([^"]*)"?|([^\s"]+)/g)) {
    const tokens = (quoted ?? plain ?? '').match(wordPattern) ?? []
    const [only] = tokens
    if (tokens.length > 1) phrases.push(tokens.join(' '))
    else if (only !== undefined) words.push(only)
  }
  if (words.length + phrases.length === 0) throw invalid('q', 'holds no word')
  return { words: [...new Set(words)], phrases }
}
