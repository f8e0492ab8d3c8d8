import { setTimeout as sleep } from 'node:timers/promises'

/** Repeats until the check passes; its last failure is thrown when the time is over. */
export async function eventually<Result>(check: () => Promise<Result>, timeoutMs = 20_000): Promise<Result> {
  const deadline = Date.now() + timeoutMs
  for (;;) {
    try {
      return await check()
    } catch (error) {
      if (Date.now() > deadline) throw error
      await sleep(25)
    }
  }
}
