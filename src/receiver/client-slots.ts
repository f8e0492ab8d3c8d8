/** A bound on the requests that each client has under way, so that one cannot take the place of all others. */
export interface ClientSlots {
  /** Takes a place for the client; false when it has no more. */
  take(client: string): boolean
  free(client: string): void
  /** Requests of all clients. */
  readonly underWay: number
}

/** Clients that are remembered while they have no request under way. */
const maxIdleClients = 64

export function createClientSlots(maxPerClient: number): ClientSlots {
  const taken = new Map<string, number>()
  let underWay = 0
  return {
    take(client) {
      const count = taken.get(client) ?? 0
      if (count >= maxPerClient) return false
      taken.set(client, count + 1)
      underWay++
      return true
    },
    free(client) {
      underWay--
      const count = taken.get(client) ?? 0
      // The entry of a client that comes again and again stays: a Map that shrinks is made anew.
      if (count <= 1 && taken.size > maxIdleClients) taken.delete(client)
      else taken.set(client, count - 1)
    },
    get underWay() {
      return underWay
    },
  }
}
