/** How often `identity` was counted in `seen` before; it counts from now on. */
export function countEqual(seen: Map<string, number>, identity: string): number {
  const before = seen.get(identity) ?? 0
  seen.set(identity, before + 1)
  return before
}
