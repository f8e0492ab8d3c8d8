import type { Text } from './utf8-text.ts'

/** Headers by lowercase name. */
export type Headers = ReadonlyMap<string, Text>

/** A column of headers: by name until they are redacted, then the text of a JSON object, or ''. */
export type HeadersColumn = Headers | Text
