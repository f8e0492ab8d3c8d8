import type { Config } from './config.ts'

/**
 * The embedded engine takes less time for each row of a larger insert. A server has as much work with it, but the sidecar
 * holds the rows of one insert while those of the next come in.
 */
const maxServerBatchBytes = 8 * 1024 * 1024

/** Bytes of one insert. */
export function batchBytes(config: Pick<Config, 'batchMaxBytes' | 'clickhouseUrl'>): number {
  return config.clickhouseUrl === ''
    ? config.batchMaxBytes
    : Math.min(config.batchMaxBytes, maxServerBatchBytes)
}

const maxCachedBytes = 32 * 1024 * 1024

/** Bytes of the latest rows that are kept in memory: of an insert, and of those that come in meanwhile. */
export function cachedBytes(config: Pick<Config, 'batchMaxBytes' | 'clickhouseUrl'>): number {
  return Math.min(2 * batchBytes(config), maxCachedBytes)
}
