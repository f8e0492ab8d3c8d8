import fc from 'fast-check'

const digits = '0123456789'
const lower = 'abcdefghijklmnopqrstuvwxyz'
const alphanumeric = digits + lower + lower.toUpperCase()
const urlSafe = `${alphanumeric}-_`
const capitals = digits + lower.toUpperCase()

const text = (characters: string, length: number) =>
  fc
    .array(fc.constantFrom(...characters), { minLength: length - 1, maxLength: length - 1 })
    .chain((rest) =>
      fc
        .constantFrom(...alphanumeric)
        .map((last) => `${rest.join('')}${characters === capitals ? 'Z' : last}`),
    )

/** Keys as providers make them: a prefix and random characters. */
export const keyFormats: Readonly<Record<string, fc.Arbitrary<string>>> = {
  'sk-ant-': text(urlSafe, 95).map((body) => `sk-ant-api03-${body}`),
  'sk-proj-': text(urlSafe, 120).map((body) => `sk-proj-${body}`),
  'sk-svcacct-': text(urlSafe, 120).map((body) => `sk-svcacct-${body}`),
  'sk-admin-': text(urlSafe, 60).map((body) => `sk-admin-${body}`),
  'sk-or-': text('0123456789abcdef', 64).map((body) => `sk-or-v1-${body}`),
  'sk-': text(alphanumeric, 48).map((body) => `sk-${body}`),
  AIza: text(urlSafe, 35).map((body) => `AIza${body}`),
  'ya29.': text(urlSafe, 100).map((body) => `ya29.a0${body}`),
  AKIA: text(capitals, 16).map((body) => `AKIA${body}`),
  ASIA: text(capitals, 16).map((body) => `ASIA${body}`),
  hf_: text(alphanumeric, 34).map((body) => `hf_${body}`),
  gsk_: text(alphanumeric, 52).map((body) => `gsk_${body}`),
  'xai-': text(alphanumeric, 80).map((body) => `xai-${body}`),
  r8_: text(alphanumeric, 37).map((body) => `r8_${body}`),
  ghp_: text(alphanumeric, 36).map((body) => `ghp_${body}`),
  ghs_: text(alphanumeric, 36).map((body) => `ghs_${body}`),
  github_pat_: text(alphanumeric, 82).map((body) => `github_pat_${body}`),
  'xoxb-': text(alphanumeric, 24).map((body) => `xoxb-1234567890-${body}`),
  'glpat-': text(urlSafe, 20).map((body) => `glpat-${body}`),
  jwt: fc
    .tuple(text(urlSafe, 33), text(urlSafe, 80), text(urlSafe, 43))
    .map(([header, payload, signature]) => `eyJ${header}.eyJ${payload}.${signature}`),
}

export const anyKey: fc.Arbitrary<string> = fc.oneof(...Object.values(keyFormats))

/** Where a secret turns up. Those of JSON give a text that parses. */
export const positions: Readonly<Record<string, (secret: string) => string>> = {
  alone: (secret) => secret,
  'in a sentence': (secret) => `The key ${secret} was refused.`,
  'at the start': (secret) => `${secret} is not a valid key`,
  'at the end': (secret) => `Incorrect API key provided: ${secret}`,
  'in a JSON value': (secret) => JSON.stringify({ error: { message: `bad key ${secret}.`, code: 401 } }),
  'a JSON value': (secret) => JSON.stringify({ value: secret }),
  'a JSON key': (secret) => JSON.stringify({ [secret]: 1 }),
  'in JSON in a JSON string': (secret) =>
    JSON.stringify({ raw: JSON.stringify({ error: { message: `key "${secret}"\n${secret}` } }) }),
  'in JSON three levels deep': (secret) =>
    JSON.stringify({ a: JSON.stringify({ b: JSON.stringify({ c: `\t${secret}\n` }) }) }),
  'in a URL query': (secret) => `GET https://api.example.com/v1/models?alt=sse&key=${secret}&x=1 failed`,
  'in another URL parameter': (secret) => `https://api.example.com/v1/models?alt=${secret}`,
  'in a URL path': (secret) => `https://api.example.com/v1/${secret}/models`,
  'in a header line': (secret) => `x-custom: ${secret}\r\nserver: a`,
  'in an authorization line': (secret) => `Authorization: Bearer ${secret}\r\nserver: a`,
  'after =': (secret) => `OPENAI_API_KEY=${secret} node index.js`,
  'after :': (secret) => `key:${secret}`,
  'in single quotes': (secret) => `headers={'x-api-key': '${secret}'}`,
  'in backticks': (secret) => `use \`${secret}\` here`,
  'in parentheses': (secret) => `(${secret})`,
  'in HTML': (secret) => `<p>key&#61;${secret}</p>`,
  'behind other letters': (secret) => `错误：${secret}。`,
}

const asUnicode = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`

/** Ways to write the same text. Each is applied to the secret or to all of the text around it. */
export const encodings: Readonly<Record<string, (text: string) => string>> = {
  plain: (value) => value,
  'URL-encoded': encodeURIComponent,
  'URL-encoded in full': (value) =>
    value.replace(/[\0-\x7f]/g, (character) => `%${character.charCodeAt(0).toString(16).padStart(2, '0')}`),
  'JSON-escaped': (value) => JSON.stringify(value),
  'JSON-escaped in full': (value) =>
    `"${[...value].map((character) => (character.length === 1 ? asUnicode(character) : character)).join('')}"`,
}

/** The parts of a secret that must not be left: anything of it longer than what tells its kind. */
export function remains(secret: string, redacted: string): boolean {
  return (
    redacted.includes(secret.slice(-12)) || redacted.includes(secret.slice(0, Math.min(24, secret.length)))
  )
}
