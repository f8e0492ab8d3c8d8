import { readFileSync, writeFileSync } from 'node:fs'

const docsPath = new URL('../../docs/reliability.md', import.meta.url).pathname
const markers = /(<!-- faults:start -->\n)[\s\S]*?(<!-- faults:end -->)/

/** Puts the text between the markers of docs/reliability.md. @throws Error when they are not there. */
export function writeDocs(text: string): void {
  const document = readFileSync(docsPath, 'utf8')
  if (!markers.test(document)) throw new Error(`${docsPath} has no faults:start and faults:end markers`)
  writeFileSync(
    docsPath,
    document.replace(markers, (_all, start: string, end: string) => `${start}${text}${end}`),
  )
}
