export const platforms = ['openai', 'anthropic', 'gemini', 'antigravity'] as const
export type Platform = (typeof platforms)[number]

export type Outcome =
  | 'success'
  | 'rate_limited'
  | 'quota_exhausted'
  | 'overloaded'
  | 'server_error'
  | 'unavailable'
  | 'proxy_page'
  | 'reset'
  | 'stream_error'
  | 'stream_break'

/**
 * What a platform answers over 20 requests, in shuffled order: 11 successes, and every failure that it knows.
 * Those of streams are successes for a request that asks for none.
 * `overloaded` is 529, which only Anthropic and Antigravity send.
 */
const deckOf: Readonly<Record<Platform, readonly Outcome[]>> = {
  openai: deck([
    'rate_limited',
    'rate_limited',
    'quota_exhausted',
    'server_error',
    'unavailable',
    'proxy_page',
  ]),
  anthropic: deck([
    'rate_limited',
    'quota_exhausted',
    'overloaded',
    'overloaded',
    'server_error',
    'proxy_page',
  ]),
  gemini: deck([
    'rate_limited',
    'rate_limited',
    'quota_exhausted',
    'server_error',
    'unavailable',
    'unavailable',
  ]),
  antigravity: deck([
    'rate_limited',
    'quota_exhausted',
    'overloaded',
    'overloaded',
    'server_error',
    'unavailable',
  ]),
}

function deck(failures: readonly Outcome[]): readonly Outcome[] {
  return [...new Array<Outcome>(11).fill('success'), ...failures, 'reset', 'stream_error', 'stream_break']
}

/**
 * Endless outcomes for one platform, the same for the same seed: each round of 20 holds every outcome of its deck,
 * so that a few seconds of traffic meet all of them.
 */
export function* outcomesOf(platform: Platform, seed: number): Generator<Outcome, never> {
  const random = randomNumbers(seed + platforms.indexOf(platform) * 7_919)
  for (;;) yield* shuffled(deckOf[platform], random)
}

function shuffled(outcomes: readonly Outcome[], random: () => number): Outcome[] {
  return outcomes
    .map((outcome) => ({ outcome, order: random() }))
    .sort((a, b) => a.order - b.order)
    .map(({ outcome }) => outcome)
}

/** Numbers in [0, 1) from a linear congruential generator (Numerical Recipes' constants): repeatable, not secure. */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}
