const maxHtmlChars = 16_384

const entities: ReadonlyMap<string, string> = new Map([
  ['&amp;', '&'],
  ['&lt;', '<'],
  ['&gt;', '>'],
  ['&quot;', '"'],
  ['&#39;', "'"],
  ['&nbsp;', ' '],
])

/** The title of an HTML error page, else its first heading, else its text. Linear in time. */
export function htmlText(html: string): string {
  const page = html.slice(0, maxHtmlChars)
  const heading = /<title[^>]{0,200}>([^<]{1,500})/i.exec(page) ?? /<h1[^>]{0,200}>([^<]{1,500})/i.exec(page)
  return plain(heading?.[1] ?? '') || plain(withoutTags(page))
}

function withoutTags(html: string): string {
  let text = ''
  let at = 0
  while (at < html.length) {
    const open = html.indexOf('<', at)
    if (open === -1) return text + html.slice(at)
    text += `${html.slice(at, open)} `
    const hidden = /^<(script|style)\b/i.exec(html.slice(open, open + 8))?.[1]
    const close = hidden === undefined ? html.indexOf('>', open) : endOfElement(html, hidden, open)
    if (close === -1) return text
    at = close + 1
  }
  return text
}

function endOfElement(html: string, name: string, from: number): number {
  const closing = html.indexOf(`</${name}`, from)
  return closing === -1 ? -1 : html.indexOf('>', closing)
}

function plain(text: string): string {
  return text
    .replace(/&(?:amp|lt|gt|quot|nbsp|#39);/g, (entity) => entities.get(entity) ?? entity)
    .replace(/\s+/g, ' ')
    .trim()
}
