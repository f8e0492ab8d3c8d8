/** Calls `read` once, on first use. */
export function lazily<T>(read: () => T): () => T {
  let value: { readonly of: T } | undefined
  return () => {
    value ??= { of: read() }
    return value.of
  }
}
