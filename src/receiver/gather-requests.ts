/** Resolves when the requests that are worked on together with this one are there. */
export type Gather = (hasCompany: boolean) => Promise<void>

/** Other requests come within so long while a sender keeps several under way; much less than a commit takes. */
const companyWaitMs = 1
/** All of them are inflated before the first is decoded, and the event loop waits until they are done. */
const maxTogether = 8

interface Group {
  /** Nobody joins any more: its requests go on. */
  readonly ended: Promise<void>
  count: number
}

/**
 * Makes the function that brings requests together: bodies that arrive in the same turn of the event loop, and, in the
 * company of other requests that are under way, within a millisecond. Reading requests, inflating and decoding each run a lot
 * of code, and push each other out of the processor's caches: done in turns for each small request, the three take up to a
 * quarter more time than done for several requests at once. They share a commit then, too.
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

  return (hasCompany) => {
    if (gathering === undefined || gathering.count === maxTogether) gathering = start(hasCompany)
    gathering.count++
    return gathering.ended
  }
}
