import {
  alphanumerics,
  ascii,
  boundaries,
  characterSet,
  digits,
  endOfRun,
  isCutAt,
  uppercase,
} from '../characters.ts'
import { addHit, type Finder, type ScanRule } from '../rule.ts'

/** Keys that tell what they are by their first characters: the forms that providers hand out. */
interface PrefixedKey {
  readonly id: string
  readonly prefixes: readonly string[]
  /** Where in the prefix the pair of characters ends that triggers the rule; the rarer, the cheaper. Default: its end. */
  readonly triggerAt?: number
  /** Characters of the key after its prefix. */
  readonly characters: string
  /** Shortest rest of a key. At the end of a text it may be shorter: the key may have been cut there. */
  readonly minChars: number
  readonly maxChars?: number
  /** Whether a letter or digit may stand before the prefix: it is distinctive enough to be seen inside of a word. */
  readonly anywhere?: true
  readonly catches: readonly string[]
  readonly leaves: readonly string[]
}

const wordCharacters = `${alphanumerics}_-`
/** Providers mask keys in their messages with asterisks; what they leave is part of a secret all the same. */
const maskedCharacters = `${wordCharacters}*`

const body = (length: number): string => 'aB3dE5fG7h'.repeat(Math.ceil(length / 10)).slice(0, length)
const capitals = (length: number): string => 'A1B2C3D4E5'.repeat(Math.ceil(length / 10)).slice(0, length)

const prefixedKeys: readonly PrefixedKey[] = [
  {
    id: 'anthropic-key',
    prefixes: ['sk-ant-'],
    triggerAt: 2,
    characters: maskedCharacters,
    minChars: 1,
    anywhere: true,
    catches: [`sk-ant-${body(95)}`, `sk-ant-api03-${body(93)}AA`, 'sk-ant-a'],
    leaves: ['keys start with sk-ant- and go on', 'sk-antenna'],
  },
  {
    id: 'openai-key',
    prefixes: ['sk-proj-', 'sk-svcacct-', 'sk-admin-'],
    triggerAt: 2,
    characters: maskedCharacters,
    minChars: 4,
    anywhere: true,
    catches: [
      `sk-proj-${body(48)}`,
      `sk-svcacct-${body(48)}`,
      `sk-admin-${body(48)}`,
      `sk-proj-${'*'.repeat(20)}Ab12`,
    ],
    leaves: ['a key like sk-proj-... is needed', 'ask-projector'],
  },
  {
    id: 'openrouter-key',
    prefixes: ['sk-or-'],
    triggerAt: 2,
    characters: maskedCharacters,
    minChars: 8,
    catches: [`sk-or-v1-${body(64)}`],
    leaves: ['keys start with sk-or-v1, see the docs'],
  },
  {
    id: 'secret-key',
    prefixes: ['sk-', 'sk_live_', 'sk_test_', 'rk_live_', 'rk_test_'],
    triggerAt: 2,
    characters: maskedCharacters,
    minChars: 20,
    catches: [`sk-${body(20)}`, `sk-${body(48)}`, `sk_live_${body(24)}`, `sk-${'ab'.repeat(20)}`],
    leaves: ['risk-assessment-of-all-the-models', 'sk-learn is a library', 'task-0123456789abcdef0123'],
  },
  {
    id: 'google-api-key',
    prefixes: ['AIza'],
    triggerAt: 1,
    characters: maskedCharacters,
    minChars: 30,
    anywhere: true,
    catches: [`AIza${body(35)}`, `xAIza${body(35)}`],
    leaves: ['AIza keys have 39 characters'],
  },
  {
    id: 'google-oauth-token',
    prefixes: ['ya29.'],
    characters: `${wordCharacters}.`,
    minChars: 10,
    anywhere: true,
    catches: [`ya29.a0${body(60)}`, `ya29.c.${body(60)}`],
    leaves: ['ya29. is how tokens start'],
  },
  {
    id: 'aws-access-key',
    prefixes: ['AKIA', 'ASIA', 'ABIA', 'ACCA'],
    triggerAt: 1,
    characters: digits + uppercase,
    minChars: 16,
    maxChars: 16,
    catches: [`AKIA${capitals(16)}`, `ASIA${capitals(16)}`, `ABIA${capitals(16)}`, `ACCA${capitals(16)}`],
    leaves: ['ASIA PACIFIC', 'the ASIANORTHEAST1 region', `AKIA${capitals(30)}`],
  },
  {
    id: 'huggingface-token',
    prefixes: ['hf_', 'api_org_'],
    characters: alphanumerics,
    minChars: 20,
    catches: [`hf_${body(34)}`, `api_org_${body(34)}`],
    leaves: ['set hf_home first', 'half_life is 3'],
  },
  {
    id: 'groq-key',
    prefixes: ['gsk_'],
    characters: alphanumerics,
    minChars: 20,
    catches: [`gsk_${body(52)}`],
    leaves: ['gsk_model is not known'],
  },
  {
    id: 'xai-key',
    prefixes: ['xai-'],
    characters: `${alphanumerics}_*`,
    minChars: 20,
    catches: [`xai-${body(80)}`],
    leaves: ['the model xai-grok-2 is overloaded', 'xai-request-id'],
  },
  {
    id: 'replicate-token',
    prefixes: ['r8_'],
    characters: alphanumerics,
    minChars: 20,
    catches: [`r8_${body(37)}`],
    leaves: ['layer8_output was missing', 'r8_model is loading'],
  },
  {
    id: 'inference-provider-key',
    prefixes: ['pplx-', 'nvapi-', 'csk-', 'fw_', 'tgp_v1_', 'jina_', 'voy-', 'pa-', 'tvly-'],
    characters: wordCharacters,
    minChars: 32,
    catches: [
      `pplx-${body(48)}`,
      `nvapi-${body(64)}`,
      `csk-${body(48)}`,
      `tgp_v1_${body(43)}`,
      `jina_${body(60)}`,
    ],
    leaves: ['the model pplx-70b-online is retired', 'pa-central-1 is a region', 'fw_version: 12'],
  },
  {
    id: 'github-token',
    prefixes: ['ghp_', 'gho_', 'ghu_', 'ghs_', 'ghr_'],
    characters: alphanumerics,
    minChars: 20,
    catches: ['p', 'o', 'u', 's', 'r'].map((kind) => `gh${kind}_${body(36)}`),
    leaves: ['the variable ghs_count is 3'],
  },
  {
    id: 'github-pat',
    prefixes: ['github_pat_'],
    triggerAt: 6,
    characters: `${alphanumerics}_`,
    minChars: 1,
    anywhere: true,
    catches: [`github_pat_${body(22)}_${body(59)}`],
    leaves: ['a github_pat_ is needed'],
  },
  {
    id: 'slack-token',
    triggerAt: 2,
    prefixes: ['xoxb-', 'xoxp-', 'xoxa-', 'xoxr-', 'xoxs-', 'xoxe-', 'xoxe.xoxp-', 'xoxc-', 'xoxd-', 'xapp-'],
    characters: `${wordCharacters}%`,
    minChars: 8,
    catches: [
      `xoxb-${'1'.repeat(12)}-${body(24)}`,
      `xoxp-${'2'.repeat(11)}-${body(30)}`,
      `xapp-1-${body(40)}`,
    ],
    leaves: ['tokens such as xoxb- or xoxp- work'],
  },
  {
    id: 'gitlab-token',
    triggerAt: 1,
    prefixes: ['glpat-', 'gldt-', 'glrt-', 'glcbt-', 'glptt-'],
    characters: `${wordCharacters}.`,
    minChars: 16,
    catches: [`glpat-${body(20)}`],
    leaves: ['a token like glpat-xyz was expected'],
  },
]

const capitalOrDigit = characterSet(digits + uppercase)
const alphanumeric = characterSet(alphanumerics)

export const prefixedKeyRules: readonly ScanRule[] = prefixedKeys.map((key) => ({
  id: key.id,
  kind: 'value',
  catches: key.catches,
  leaves: key.leaves,
  finders: key.prefixes.map((prefix) => prefixFinder(key, prefix)),
}))

function prefixFinder(key: PrefixedKey, prefix: string): Finder {
  const { id, minChars, maxChars, anywhere, triggerAt = prefix.length - 1 } = key
  const characters = characterSet(key.characters)
  const before = characterSet(anywhere ? ascii : boundaries)
  const first = prefix.charCodeAt(0)

  return {
    triggers: [{ after: prefix.charAt(triggerAt - 1), characters: prefix.charAt(triggerAt) }],
    mayMatch: (bytes, at, textStart) => {
      const start = at - triggerAt
      if (start < textStart || (start > textStart && before[bytes[start - 1] ?? 0] === 0)) return false
      for (let index = 0; index < prefix.length; index++)
        if (bytes[start + index] !== prefix.charCodeAt(index)) return false
      return characters[bytes[start + prefix.length] ?? 0] === 1
    },
    match(scan, at) {
      const { text } = scan
      const start = at - triggerAt
      if (start < 0 || text.charCodeAt(start) !== first || !text.startsWith(prefix, start)) return 0
      if (start > 0 && before[text.charCodeAt(start - 1)] === 0) return 0
      const from = start + prefix.length
      const end = endOfRun(text, from, characters)
      return isKey(text, start, from, end) ? addHit(scan, id, start, end) : 0
    },
  }

  function isKey(text: string, start: number, from: number, end: number): boolean {
    if (!hasAlphanumeric(text, from, end)) return false
    const length = end - from
    if (maxChars !== undefined && length > maxChars) return false
    const isShort = length < minChars
    if (isShort && !isCutAt(text, end)) return false
    // `sk-proj-...` tells how a key begins.
    if (isShort && text.charCodeAt(end - 1) === 45 && !hasCapitalOrDigit(text, from, end)) return false
    // A name such as `xai-main` that is all of the text was not cut off from a key.
    if (isShort && start === 0 && !anywhere) return length >= 12 && hasCapitalOrDigit(text, from, end)
    return isShort || length >= 36 || anywhere === true || hasCapitalOrDigit(text, from, end)
  }
}

function hasCapitalOrDigit(text: string, from: number, end: number): boolean {
  for (let at = from; at < Math.min(end, from + 64); at++) {
    const code = text.charCodeAt(at)
    if (code === 42 || capitalOrDigit[code] === 1) return true
  }
  return false
}

function hasAlphanumeric(text: string, from: number, end: number): boolean {
  for (let at = from; at < Math.min(end, from + 256); at++)
    if (alphanumeric[text.charCodeAt(at)] === 1) return true
  return false
}
