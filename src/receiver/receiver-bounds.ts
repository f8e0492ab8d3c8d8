import type { Config } from '../config.ts'
import { type ByteBudget, createByteBudget } from './byte-budget.ts'
import { type ClientSlots, createClientSlots } from './client-slots.ts'

/** Bounds that OTLP/HTTP and OTLP/gRPC share. */
export interface ReceiverBounds {
  readonly budget: ByteBudget
  readonly slots: ClientSlots
}

export function createReceiverBounds(
  config: Pick<Config, 'otlpMaxInFlightBytes' | 'otlpMaxClientRequests'>,
): ReceiverBounds {
  return {
    budget: createByteBudget(config.otlpMaxInFlightBytes),
    slots: createClientSlots(config.otlpMaxClientRequests),
  }
}
