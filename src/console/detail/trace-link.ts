/**
 * The address of a trace after the configured template; undefined without template or trace. Ids are hex digits, and
 * are encoded all the same.
 */
export function traceLink(
  template: string | null | undefined,
  event: { readonly trace_id?: string | null; readonly span_id?: string | null },
): string | undefined {
  if (!template || !event.trace_id) return undefined
  const link = template
    .replaceAll('{trace_id}', encodeURIComponent(event.trace_id))
    .replaceAll('{span_id}', encodeURIComponent(event.span_id ?? ''))
  return /^https?:\/\//i.test(link) ? link : undefined
}
