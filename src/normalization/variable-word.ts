import { remember } from '../event/remember.ts'

/** Answers that are kept for each question. */
const maxWords = 1024

/** Ids and keys that may have no digit in them: `org-…`, `proj_…`, `sk-…`. */
const prefixedId =
  /^(?:org|proj|req|msg|user|acct|key|sk|pk|rk|asst|thread|run|file|batch|resp|chatcmpl|gen|ft|team|ws|call)[-_.:](?:[A-Za-z]{1,12}[-_]){0,2}[A-Za-z]{16}/

const modelFamily =
  /^(?:gpt|chatgpt|claude|gemini|gemma|deepseek|grok|llama|mistral|mixtral|codestral|qwen|glm|kimi|command|nova|titan|text-embedding|dall-e|whisper|sora)[-.:]/i

const calendarWord =
  /^(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?|Mon(?:day)?|Tue(?:sday)?|Wed(?:nesday)?|Thu(?:rsday)?|Fri(?:day)?|Sat(?:urday)?|Sun(?:day)?)$/

/** A unit of time, or what follows a time of day. */
const unit =
  /^(?:[nuµ]?s|ms|[smhd]|milliseconds?|msecs?|secs?|seconds?|mins?|minutes?|hrs?|hours?|days?|[ap]m|utc|gmt)$/i

const maxQuantityChars = 12
const maxCalendarChars = 9
/** What words of these begin with: most words of a message are told by that. */
const calendarInitials = initials('JFMASONDTW')
const quantityInitials = initials('JFMASONDTWnuµsmhdapgNUHPG')

function initials(characters: string): ReadonlySet<number> {
  return new Set([...characters].map((character) => character.charCodeAt(0)))
}

/** Words that a name follows: "model deepseek-chat", "project my-project". */
const announcesName =
  /^(?:model|deployment|engine|project|organization|team|workspace|account|resource|region|location)$/i

/**
 * Whether a word without a digit is particular to one occurrence: URLs, addresses, ids, masked keys, paths, names of
 * models and projects. `previous` is the word before, '' = none.
 */
export function isVariableWord(word: string, previous: string): boolean {
  const kind = kindOf(word)
  return kind === 'announced' ? isAnnouncing(previous) : kind === 'variable'
}

/** The words of messages are few; `announced` ones are variable where a word before says that a name follows. */
const kindOf = remember((word): 'variable' | 'fixed' | 'announced' => {
  if (/[*@]|:\/\//.test(word)) return 'variable'
  if (prefixedId.test(word) || modelFamily.test(word)) return 'variable'
  if (!/[-:]/.test(word)) return 'fixed'
  if (word.includes('/')) return /[_.]/.test(word) ? 'fixed' : 'variable'
  return 'announced'
}, maxWords)

const isAnnouncing = remember((word) => announcesName.test(word), maxWords)

/** Whether a word is part of a quantity that a number is before: a unit of time, what follows a time of day, a date's word. */
export function isPartOfQuantity(source: string, start: number, end: number): boolean {
  if (end - start > maxQuantityChars || !quantityInitials.has(source.charCodeAt(start))) return false
  return isQuantityWord(source.slice(start, end))
}

/** Whether a word is the capitalized name of a month or weekday, in full or in three letters. */
export function isCalendarWord(source: string, start: number, end: number): boolean {
  if (end - start > maxCalendarChars || !calendarInitials.has(source.charCodeAt(start))) return false
  return isCalendarName(source.slice(start, end))
}

const isQuantityWord = remember((word) => unit.test(word) || calendarWord.test(word), maxWords)
const isCalendarName = remember((word) => calendarWord.test(word), maxWords)
