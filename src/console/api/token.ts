const storageKey = 'ops-sidecar.token'
const listeners = new Set<() => void>()

/** The token that was entered in this tab; it is gone when the tab is closed. */
export function currentToken(): string | undefined {
  return sessionStorage.getItem(storageKey) ?? undefined
}

export function enterToken(token: string): void {
  sessionStorage.setItem(storageKey, token)
  for (const listener of listeners) listener()
}

export function forgetToken(): void {
  sessionStorage.removeItem(storageKey)
  for (const listener of listeners) listener()
}

/** Calls back when a token is entered or forgotten. Returns what ends it. */
export function onTokenChange(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

export function authorization(): Record<string, string> {
  const token = currentToken()
  return token === undefined ? {} : { authorization: `Bearer ${token}` }
}
