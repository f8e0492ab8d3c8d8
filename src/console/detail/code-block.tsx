import { CopyButton } from './copy-button.tsx'

/** Text in its own lines, to be read and copied; `copied` where that is not what is shown. */
export function CodeBlock({ label, text, copied = text }: { label: string; text: string; copied?: string }) {
  return (
    <div class="code">
      <pre tabIndex={0} role="region" aria-label={label}>
        {text}
      </pre>
      <CopyButton label="Copy" text={() => copied} />
    </div>
  )
}
