export interface Account {
  readonly id: number
  readonly name: string
  readonly apiKey: string
}

export interface UpstreamPlatform {
  readonly name: string
  /** The platform's part of the fake upstreams; a real gateway has host names here. */
  readonly baseUrl: string
  readonly accounts: readonly Account[]
  url(model: string, stream: boolean): string
  headers(account: Account): Record<string, string>
}

/** Platforms by the route that the gateway serves them on. Keys are placeholders: the upstreams are fakes. */
export function platformsAt(upstreamBaseUrl: string): ReadonlyMap<string, UpstreamPlatform> {
  const base = upstreamBaseUrl.replace(/\/+$/, '')
  return new Map<string, UpstreamPlatform>([
    [
      'openai',
      {
        name: 'openai',
        baseUrl: `${base}/openai`,
        accounts: accounts(101, 'openai'),
        url: () => `${base}/openai/v1/chat/completions`,
        headers: (account) => ({ authorization: `Bearer ${account.apiKey}` }),
      },
    ],
    [
      'anthropic',
      {
        name: 'anthropic',
        baseUrl: `${base}/anthropic`,
        accounts: accounts(201, 'anthropic'),
        url: () => `${base}/anthropic/v1/messages`,
        headers: (account) => ({ 'x-api-key': account.apiKey, 'anthropic-version': '2023-06-01' }),
      },
    ],
    [
      'gemini',
      {
        name: 'gemini',
        baseUrl: `${base}/gemini`,
        accounts: accounts(301, 'gemini'),
        url: (model, stream) =>
          `${base}/gemini/v1beta/models/${model}:${stream ? 'streamGenerateContent' : 'generateContent'}`,
        headers: (account) => ({ 'x-goog-api-key': account.apiKey }),
      },
    ],
    [
      'antigravity',
      {
        name: 'antigravity',
        baseUrl: `${base}/antigravity`,
        accounts: accounts(401, 'antigravity'),
        url: (_model, stream) =>
          `${base}/antigravity/v1internal:${stream ? 'streamGenerateContent' : 'generateContent'}`,
        headers: (account) => ({ authorization: `Bearer ${account.apiKey}` }),
      },
    ],
  ])
}

function accounts(firstId: number, platform: string): readonly Account[] {
  return ['primary', 'spare'].map((role, index) => ({
    id: firstId + index,
    name: `${platform}-${role}`,
    apiKey: `demo-${platform}-${role}-key`,
  }))
}
