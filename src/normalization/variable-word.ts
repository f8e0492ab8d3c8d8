/** Ids and keys that may have no digit in them: `org-…`, `proj_…`, `sk-…`. */
const prefixedId =
  /^(?:org|proj|req|msg|user|acct|key|sk|pk|rk|asst|thread|run|file|batch|resp|chatcmpl|gen|ft|team|ws|call)[-_.:](?:[A-Za-z]{1,12}[-_]){0,2}[A-Za-z]{16}/

const modelFamily =
  /^(?:gpt|chatgpt|claude|gemini|gemma|deepseek|grok|llama|mistral|mixtral|codestral|qwen|glm|kimi|command|nova|titan|text-embedding|dall-e|whisper|sora)[-.:]/i

/** Words that a name follows: "model deepseek-chat", "project my-project". */
const announcesName =
  /^(?:model|deployment|engine|project|organization|team|workspace|account|resource|region|location)$/i

/**
 * Whether a word without a digit is particular to one occurrence: URLs, addresses, ids, masked keys, paths, names of
 * models and projects. `previous` is the word before, '' = none.
 */
export function isVariableWord(word: string, previous: string): boolean {
  if (/[*@]|:\/\//.test(word)) return true
  if (prefixedId.test(word) || modelFamily.test(word)) return true
  const isName = /[-:]/.test(word)
  if (word.includes('/')) return isName && !/[_.]/.test(word)
  return isName && announcesName.test(previous)
}

/** A unit of time, or what follows a time of day. */
export function isUnit(word: string): boolean {
  return /^(?:[nuµ]?s|ms|[smhd]|milliseconds?|msecs?|secs?|seconds?|mins?|minutes?|hrs?|hours?|days?|[ap]m|utc|gmt)$/i.test(
    word,
  )
}

/** The capitalized name of a month or weekday, in full or in three letters. */
export function isCalendarWord(word: string): boolean {
  return /^(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?|Mon(?:day)?|Tue(?:sday)?|Wed(?:nesday)?|Thu(?:rsday)?|Fri(?:day)?|Sat(?:urday)?|Sun(?:day)?)$/.test(
    word,
  )
}
