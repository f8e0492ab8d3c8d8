/**
 * Resolves when the requests that are worked on together with this one are there; at once for a large one.
 * @param bytes of the body, inflated.
 */
export type Gather = (bytes: number, hasCompany: boolean) => Promise<void>

/** Other requests come within so long while a sender keeps several under way; much less than a commit takes. */
const companyWaitMs = 1
/** All of them are inflated before the first is decoded, and the event loop waits until they are done. */
const maxTogether = 8
/** Larger bodies are enough work by themselves, and several at once would be a lot of memory. */
const maxGatheredBytes = 512 * 1024

interface Group {
  /** Nobody joins any more: its requests go on. */
  readonly ended: Promise<void>
  count: number
}

/**
 * Makes the function that brings requests together: bodies that arrive in the same turn of the event loop, and, in the
 * company of other requests that are under way, within a millisecond. Done in turns for each small request, reading,
 * inflating and decoding take more time than done for several at once (docs/performance-notes.md has how much): each is a lot
 * of code, and they seem to push each other out of the processor's caches. Requests of a group share a commit, too.
 */
export function createGather(): Gather {
  let gathering: Group | undefined

  function start(hasCompany: boolean): Group {
    const ended = new Promise<void>((resolve) => {
      const end = (): void => {
        if (gathering?.ended === ended) gathering = undefined
        resolve()
      }
      if (hasCompany) setTimeout(end, companyWaitMs)
      else setImmediate(end)
    })
    return { ended, count: 0 }
  }

  return (bytes, hasCompany) => {
    if (bytes > maxGatheredBytes) return Promise.resolve()
    if (gathering === undefined || gathering.count === maxTogether) gathering = start(hasCompany)
    gathering.count++
    return gathering.ended
  }
}
