import { countInternalError } from './guard.ts'

const pending = new Set<Promise<void>>()

/** Keeps hold of work that goes on after the gateway's call returned, so that a flush can wait for it. */
export function trackPending(work: Promise<void>): Promise<void> {
  const settled = work.catch(countInternalError).finally(() => pending.delete(settled))
  pending.add(settled)
  return settled
}

/** Resolves when the events that are under way now are recorded. Never rejects. */
export async function settlePending(): Promise<void> {
  await Promise.all(pending)
}
