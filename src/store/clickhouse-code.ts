/**
 * The number of ClickHouse's error (src/Common/ErrorCodes.cpp), or undefined for errors that are not its own. Told by
 * shape: the embedded engine's connection and `@clickhouse/client` each bring a `ClickHouseError` class of their own.
 */
export function clickHouseCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error) || !('type' in error)) return undefined
  return typeof error.code === 'string' && /^\d+$/.test(error.code) ? error.code : undefined
}
