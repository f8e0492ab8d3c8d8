/**
 * What the name of a key, header, attribute or parameter tells about its value:
 * - `none`: nothing.
 * - `secret`: it is one, whatever it looks like.
 * - `tokens`: a secret, unless it is an amount (`max_tokens`, `x-ratelimit-reset-tokens`).
 * - `cookie`: a list of secrets up to the end of the line.
 */
export type KeyClass = 'none' | 'secret' | 'tokens' | 'cookie'

/** Separators and case do not count: `API-Key`, `api_key` and `apiKey` are all `apikey`. */
const stems = [
  'password',
  'passwd',
  'passphrase',
  'passcode',
  'secret',
  'apikey',
  'accesskey',
  'privatekey',
  'signingkey',
  'encryptionkey',
  'sessionkey',
  'subscriptionkey',
  'hmackey',
  'connectionstring',
  'credential',
  'bearer',
] as const

/** Short names that are secrets only as a whole. */
const wholeNames: ReadonlySet<string> = new Set(['pwd', 'pass', 'jwt', 'sessionid', 'sid', 'xauth'])

/** Last words of names that tell about a secret without being one. */
const harmlessEndings: ReadonlySet<string> = new Set(
  (
    'type types url uri endpoint method methods mode id ids name names ms ns seconds count counts limit limits in at ' +
    'ttl expiry expiration expires expired status required enabled disabled usage details version length size scope ' +
    'scopes kind provider providers error errors budget position positions index rate window price cost invalid missing ' +
    'valid hint policy algorithm bytes duration latency exceeded remaining used per minute reset'
  ).split(' '),
)
const harmlessSuffixes =
  /(?:tokentype|authtype|tokencount|tokenlimit|tokenusage|authmethod|tokenurl|tokenuri|authuri|authurl)$/

/** Classifies a name; linear in its length. Source of the stems: Sentry's server-side scrubbing (reliability.md, 4). */
export function classifyKeyName(name: string): KeyClass {
  return classifyPlainName(withoutMarkers(name))
}

/** A marker names its rule, `github-token`; that says nothing about what follows it. */
function withoutMarkers(name: string): string {
  if (!name.includes(']')) return name
  const rest = name.replace(/\[REDACTED:[^\]]{0,140}\]/g, ' ')
  return rest.includes('[') ? rest : rest.slice(rest.lastIndexOf(']') + 1)
}

function classifyPlainName(name: string): KeyClass {
  const squeezed = name.replace(/[^A-Za-z0-9]+/g, '').toLowerCase()
  if (squeezed.length < 3 || squeezed.includes('ratelimit')) return 'none'
  const found = classifySqueezed(squeezed)
  if (found === 'none' || found === 'cookie') return found
  return isHarmless(name, squeezed) ? 'none' : found
}

function classifySqueezed(squeezed: string): KeyClass {
  if (wholeNames.has(squeezed)) return 'secret'
  for (const stem of stems) if (squeezed.includes(stem) && !isSecretary(squeezed)) return 'secret'
  if (namesAuthentication(squeezed)) return 'secret'
  const tokens = classifyToken(squeezed)
  if (tokens !== 'none') return tokens
  return squeezed.includes('cookie') ? 'cookie' : 'none'
}

function isSecretary(squeezed: string): boolean {
  return squeezed.includes('secretar')
}

/** `auth`, but not of `author` and `authority`, and not `unauthorized`. */
function namesAuthentication(squeezed: string): boolean {
  for (let at = squeezed.indexOf('auth'); at !== -1; at = squeezed.indexOf('auth', at + 4)) {
    const rest = squeezed.slice(at + 4, at + 8)
    const isAuthor = rest.startsWith('or') && !/^ori[sz]/.test(rest)
    if (!isAuthor && !squeezed.endsWith('un', at)) return true
  }
  return false
}

/** `token`; an amount when it is in the plural, nothing in `tokenizer`. */
function classifyToken(squeezed: string): KeyClass {
  let found: KeyClass = 'none'
  for (let at = squeezed.indexOf('token'); at !== -1; at = squeezed.indexOf('token', at + 5)) {
    const next = squeezed.slice(at + 5, at + 7)
    if (/^i[sz]/.test(next)) continue
    if (next.startsWith('s') && !/^s[e]/.test(next)) found = 'tokens'
    else if (squeezed.startsWith('max', at - 3) || squeezed.startsWith('min', at - 3)) found = 'tokens'
    else return 'secret'
  }
  return found
}

function isHarmless(name: string, squeezed: string): boolean {
  if (harmlessSuffixes.test(squeezed)) return true
  const lastWord = /(?:^|[^A-Za-z0-9]|[a-z0-9](?=[A-Z]))([A-Z]?[a-z0-9]+|[A-Z0-9]+)[^A-Za-z0-9]*$/.exec(
    name.slice(-32),
  )?.[1]
  if (lastWord === undefined || !harmlessEndings.has(lastWord.toLowerCase())) return false
  // An id of a key is none, but the `secret_id` of a role is its password.
  return !/secretids?$/.test(squeezed)
}

/** Parameters of URLs that carry secrets (reliability.md, section 4), besides those whose names tell it. */
const secretParameters: ReadonlySet<string> = new Set([
  'key',
  'api_key',
  'apikey',
  'access_token',
  'token',
  'sig',
  'signature',
  'code',
  'client_secret',
  'password',
  'awsaccesskeyid',
  'x-goog-signature',
  'x-goog-credential',
])

export function isSecretParameter(name: string): boolean {
  const lower = name.toLowerCase()
  return secretParameters.has(lower) || lower.startsWith('x-amz-')
}

const amount = /^[\d\s.,:+\-/TZhmsdnu%]{0,40}$/

/** Numbers, durations and times: what names in the plural of `token` usually hold. */
export function isAmount(text: string): boolean {
  return amount.test(text)
}
