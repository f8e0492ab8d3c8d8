/** `compute` with its answers kept, for names that come again and again; at most `maxEntries` of them. */
export function remember<Answer>(
  compute: (name: string) => Answer,
  maxEntries = 4096,
  maxNameChars = 128,
): (name: string) => Answer {
  const known = new Map<string, Answer>()
  return (name) => {
    const before = known.get(name)
    if (before !== undefined) return before
    if (known.size >= maxEntries) known.clear()
    const answer = compute(name)
    // Long names are as many as there are texts.
    if (name.length <= maxNameChars) known.set(name, answer)
    return answer
  }
}
