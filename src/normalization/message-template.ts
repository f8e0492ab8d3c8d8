import {
  bitsOf,
  blankBit,
  digitBit,
  joinBit,
  type MessageText,
  markBit,
  scanWord,
  slashBit,
  type Word,
  wordBit,
} from './message-word.ts'
import { endOfQuotedValue, isDigitElsewhere } from './quoted-value.ts'
import { isCalendarWord, isPartOfQuantity, isVariableWord } from './variable-word.ts'

const maxSourceChars = 8192
const maxTemplateChars = 512

/** The UTF-16 units of the message that is looked at, in the machine's byte order: Node runs on little endian ones. */
const units = new Uint16Array(maxSourceChars)
const unitBytes = Buffer.from(units.buffer)

/** Stands for whatever differs between two messages of one error. */
const slot = '<*>'

const telling = digitBit | markBit | slashBit | joinBit

interface Progress {
  /** The template so far. */
  text: string
  /** The source is in `text` up to here; what follows is copied when something else must be added. */
  copied: number
  /** Nothing but blanks has come since the last slot. */
  isAfterSlot: boolean
  /** The word before, -1 when none is near; and whether a slot was right before that. */
  lastStart: number
  lastEnd: number
  isLastAfterSlot: boolean
}

/**
 * A message without its variable parts: ids, keys, numbers in any locale's form, durations, dates, URLs, addresses,
 * model names and quoted values become `<*>`, neighbours a single one, and white space one space. The limit of 512
 * characters is the template's, so that it does not depend on how long the variable parts are. Linear in time.
 */
export function messageTemplate(message: string): string {
  const source = message.length > maxSourceChars ? message.slice(0, maxSourceChars) : message
  const text: MessageText = { source, units }
  unitBytes.write(source, 'utf16le')
  const word: Word = { start: 0, end: 0, next: 0, bits: 0 }
  const progress: Progress = {
    text: '',
    copied: 0,
    isAfterSlot: false,
    lastStart: -1,
    lastEnd: -1,
    isLastAfterSlot: false,
  }
  let at = 0
  while (at < source.length && progress.text.length + at - progress.copied < maxTemplateChars) {
    const bits = bitsOf(units[at] as number)
    if ((bits & wordBit) !== 0) {
      scanWord(text, at, word)
      addWord(progress, source, word, at)
      at = word.next
    } else if ((bits & blankBit) !== 0) {
      at = addBlanks(progress, source, at)
    } else {
      at = addOther(progress, source, at)
    }
  }
  return (progress.text + source.slice(progress.copied, at)).slice(0, maxTemplateChars).trim()
}

function addWord(progress: Progress, source: string, word: Word, at: number): void {
  const { start, end, next } = word
  if (
    start === end &&
    progress.isAfterSlot &&
    progress.copied === at &&
    isDigitElsewhere(source.charCodeAt(next))
  ) {
    // The separator of a number in another script's digits.
    progress.copied = next
    return
  }
  if (start > at) progress.isAfterSlot = false
  if (start === end) {
    progress.lastStart = -1
  } else if ((word.bits & telling) !== 0 && isVariable(progress, source, word)) {
    addSlot(progress, source, start, end)
    progress.isAfterSlot = next === end
  } else if (progress.isAfterSlot && isPartOfQuantity(source, start, end)) {
    progress.copied = end
    progress.isAfterSlot = next === end
  } else {
    progress.lastStart = next === end || next === end + 1 ? start : -1
    progress.lastEnd = end
    progress.isLastAfterSlot = progress.isAfterSlot
    progress.isAfterSlot = false
  }
}

function isVariable(progress: Progress, source: string, { start, end, bits }: Word): boolean {
  if ((bits & digitBit) !== 0) return true
  const { lastStart, lastEnd } = progress
  return isVariableWord(source.slice(start, end), lastStart === -1 ? '' : source.slice(lastStart, lastEnd))
}

function addSlot(progress: Progress, source: string, start: number, end: number): void {
  const { lastStart, lastEnd, copied } = progress
  // `Apr 21` and `Tue, 21` are dates as much as `21 Apr`.
  const isDate = lastStart >= copied && isCalendarWord(source, lastStart, lastEnd)
  if (isDate ? progress.isLastAfterSlot : progress.isAfterSlot) {
    if (progress.text.endsWith(' ')) progress.text = progress.text.slice(0, -1)
  } else {
    progress.text += source.slice(copied, isDate ? lastStart : start) + slot
  }
  progress.copied = end
  progress.isAfterSlot = true
  progress.lastStart = -1
}

function addBlanks(progress: Progress, source: string, at: number): number {
  let end = at + 1
  while (end < source.length && (bitsOf(source.charCodeAt(end)) & blankBit) !== 0) end++
  if (end > at + 1 || source.charCodeAt(at) !== 32) {
    progress.text += `${source.slice(progress.copied, at)} `
    progress.copied = end
  }
  return end
}

/** A character that is neither of a word nor blank: a quote that opens a value, a digit of another script, the rest. */
function addOther(progress: Progress, source: string, at: number): number {
  const end = endOfQuotedValue(source, at)
  if (end !== -1) {
    addSlot(progress, source, at, end + 1)
    return end + 1
  }
  if (isDigitElsewhere(source.charCodeAt(at))) {
    addSlot(progress, source, at, at + 1)
  } else if (progress.isAfterSlot && progress.copied === at && isDigitSeparator(source, at)) {
    progress.copied = at + 1
  } else {
    progress.isAfterSlot = false
    progress.lastStart = -1
  }
  return at + 1
}

/** The apostrophe of `1'000` and the separators of Arabic numbers. */
function isDigitSeparator(source: string, at: number): boolean {
  const next = source.charCodeAt(at + 1)
  return (
    /['’\u066B\u066C]/.test(source.charAt(at)) && ((bitsOf(next) & digitBit) !== 0 || isDigitElsewhere(next))
  )
}
