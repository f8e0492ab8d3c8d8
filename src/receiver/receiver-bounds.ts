import type { CheckAccess } from '../access/token.ts'
import type { Config } from '../config.ts'
import { type ByteBudget, createByteBudget } from './byte-budget.ts'
import { type ClientSlots, createClientSlots } from './client-slots.ts'
import { createGather } from './gather-requests.ts'

/** What OTLP/HTTP and OTLP/gRPC hold requests against, and where these meet, together. */
export interface ReceiverBounds {
  readonly checkAccess: CheckAccess
  readonly budget: ByteBudget
  readonly slots: ClientSlots
  /** Resolves when the requests that are worked on together with this one are there; `bytes` of its inflated body. */
  readonly gather: (bytes: number) => Promise<void>
}

export function createReceiverBounds(
  config: Pick<Config, 'otlpMaxInFlightBytes' | 'otlpMaxClientRequests'>,
  checkAccess: CheckAccess,
): ReceiverBounds {
  const slots = createClientSlots(config.otlpMaxClientRequests)
  const gather = createGather()
  return {
    checkAccess,
    budget: createByteBudget(config.otlpMaxInFlightBytes),
    slots,
    gather: (bytes) => gather(bytes, slots.underWay > 1),
  }
}
