/**
 * Formats whose answer is the same bytes whether it is written at once or block by block. The engine writes each block
 * of a stream as a document of its own, so everything with a head or an end is answered from memory.
 */
const streamed = new Set([
  'Native',
  'RowBinary',
  'JSONEachRow',
  'JSONLines',
  'NDJSON',
  'JSONL',
  'JSONStringsEachRow',
  'JSONCompactEachRow',
  'JSONCompactStringsEachRow',
  'TabSeparated',
  'TSV',
  'TabSeparatedRaw',
  'TSVRaw',
  'CSV',
])

export function canStream(format: string): boolean {
  return streamed.has(format)
}

/** The media type that ClickHouse gives answers of the format. */
export function contentTypeOf(format: string): string {
  if (/^(JSON\w*EachRow\w*|JSONLines|NDJSON|JSONL)$/.test(format))
    return 'application/x-ndjson; charset=UTF-8'
  if (/^JSON/.test(format)) return 'application/json; charset=UTF-8'
  if (/^CSV/.test(format))
    return `text/csv; charset=UTF-8; header=${format.includes('WithNames') ? 'present' : 'absent'}`
  if (/^(TSV|TabSeparated)/.test(format)) return 'text/tab-separated-values; charset=UTF-8'
  if (/^(Native|RowBinary|Parquet|Arrow|ORC|Avro|MsgPack|BSON|Protobuf|CapnProto|Npy)/.test(format))
    return 'application/octet-stream'
  if (format === 'XML') return 'application/xml; charset=UTF-8'
  if (format === 'Markdown') return 'text/markdown; charset=UTF-8'
  return 'text/plain; charset=UTF-8'
}
