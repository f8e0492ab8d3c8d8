/** A spreadsheet takes text that begins so for a formula. Source: OWASP ASVS 5.0, 1.2.10. */
const formulaStart = /^[=+\-@\t\r\n\0]/
const needsQuotes = /[",\r\n]/

/** One line of CSV (RFC 4180), its line break included. Nothing is empty; objects are JSON. */
export function csvLine(values: readonly unknown[]): string {
  return `${values.map(csvField).join(',')}\r\n`
}

function csvField(value: unknown): string {
  if (value === null || value === undefined) return ''
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  // The apostrophe makes a spreadsheet show the rest as text.
  const safe = formulaStart.test(text) ? `'${text}` : text
  return needsQuotes.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
