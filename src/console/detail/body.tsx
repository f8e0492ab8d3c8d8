import { byteSize, wholeNumber } from '../format/number.ts'
import { headerText } from './as-curl.ts'
import { CodeBlock } from './code-block.tsx'
import { prettyBody } from './pretty-body.ts'

/** Names with values: headers or attributes. */
export function Headers({
  title,
  headers,
}: {
  title: string
  headers: Readonly<Record<string, unknown>> | null
}) {
  const entries = Object.entries(headers ?? {})
  if (entries.length === 0) return null
  return (
    <section class="detail-section">
      <h3>{title}</h3>
      <dl class="fields">
        {entries.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{headerText(value)}</dd>
          </div>
        ))}
      </dl>
    </section>
  )
}

/** A body as it was kept, JSON with indents, and how much of it is missing. */
export function Body({ title, text, bytes }: { title: string; text: string | null; bytes: number | null }) {
  if (text === null && !bytes) return null
  const kept = new TextEncoder().encode(text ?? '').length
  const cut = bytes !== null && bytes > kept
  return (
    <section class="detail-section">
      <h3>
        {title} <span class="quiet">{byteSize(bytes ?? kept)}</span>
      </h3>
      {text === null ? (
        <p class="quiet">It was not kept.</p>
      ) : (
        <CodeBlock label={title} text={prettyBody(text)} copied={text} />
      )}
      {cut && text !== null && (
        <p class="quiet">
          Cut: {wholeNumber(kept)} of {wholeNumber(bytes)} bytes were kept.
        </p>
      )}
    </section>
  )
}
