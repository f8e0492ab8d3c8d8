/** What a client of ClickHouse is told when a request fails: its number, and the text that its driver parses. */
export interface ClickHouseException {
  readonly code: number
  /** `Code: N. DB::Exception: … (NAME)` */
  readonly message: string
}

/** The exceptions that the interface itself answers with, by name. Numbers: ClickHouse, src/Common/ErrorCodes.cpp. */
const codes = {
  NOT_IMPLEMENTED: 48,
  SYNTAX_ERROR: 62,
  QUERY_IS_TOO_LARGE: 252,
  TOO_MANY_SIMULTANEOUS_QUERIES: 202,
  QUERY_WITH_SAME_ID_IS_ALREADY_RUNNING: 216,
  CHECKSUM_DOESNT_MATCH: 40,
  CANNOT_DECOMPRESS: 271,
  BAD_ARGUMENTS: 36,
  AUTHENTICATION_FAILED: 516,
  ABORTED: 236,
  UNKNOWN_EXCEPTION: 1002,
} as const

/** Thrown for what the interface refuses by itself; `toException` reads it like one of the engine. */
export class InterfaceError extends Error {
  constructor(name: keyof typeof codes, text: string) {
    super(`Code: ${codes[name]}. DB::Exception: ${text} (${name})`)
    this.name = 'InterfaceError'
  }
}

/** The engine's errors carry their number in their text only, always as its first words. */
const exceptionStart = /^Code: (\d+)\. /

export function toException(error: unknown): ClickHouseException {
  const text = error instanceof Error ? error.message : String(error)
  const code = exceptionStart.exec(text)?.[1]
  if (code !== undefined) return { code: Number(code), message: text }
  return toException(new InterfaceError('UNKNOWN_EXCEPTION', text))
}

/** By ClickHouse's src/Server/HTTP/exceptionCodeToHTTPStatus.cpp; every other exception is a 500. */
const statusByCode = new Map<number, number>(
  (
    [
      [
        400, 6, 25, 26, 38, 41, 72, 36, 427, 675, 676, 376, 27, 15, 44, 8, 10, 167, 168, 53, 62, 117, 321,
        441,
      ],
      [404, 60, 46, 47, 50, 56, 81, 115, 54, 63, 73, 78, 511, 336],
      [403, 192, 193, 516, 497, 512],
      [401, 194],
      [413, 252],
      [501, 48],
      [503, 209, 76, 439, 202],
      [411, 381],
      [408, 159],
    ] as const
  ).flatMap(([status, ...ofStatus]) => ofStatus.map((code) => [code, status] as const)),
)

export function httpStatusOf(exception: ClickHouseException): number {
  return statusByCode.get(exception.code) ?? 500
}
