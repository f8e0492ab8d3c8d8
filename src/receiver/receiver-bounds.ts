import type { CheckAccess } from '../access/token.ts'
import type { Config } from '../config.ts'
import { type ByteBudget, createByteBudget } from './byte-budget.ts'
import { type ClientSlots, createClientSlots } from './client-slots.ts'

/** What OTLP/HTTP and OTLP/gRPC hold requests against, together. */
export interface ReceiverBounds {
  readonly checkAccess: CheckAccess
  readonly budget: ByteBudget
  readonly slots: ClientSlots
}

export function createReceiverBounds(
  config: Pick<Config, 'otlpMaxInFlightBytes' | 'otlpMaxClientRequests'>,
  checkAccess: CheckAccess,
): ReceiverBounds {
  return {
    checkAccess,
    budget: createByteBudget(config.otlpMaxInFlightBytes),
    slots: createClientSlots(config.otlpMaxClientRequests),
  }
}
