import { useEffect, useState } from 'preact/hooks'

/** Copies a text, and says for a moment that it did. */
export function CopyButton({ label, text }: { label: string; text: () => string }) {
  const [done, setDone] = useState<'copied' | 'refused'>()
  useEffect(() => {
    if (done === undefined) return
    const timer = setTimeout(() => setDone(undefined), 1500)
    return () => clearTimeout(timer)
  }, [done])
  return (
    <button
      type="button"
      class="button button-small"
      onClick={() =>
        copy(text()).then(
          () => setDone('copied'),
          () => setDone('refused'),
        )
      }
    >
      <span aria-live="polite">
        {done === 'copied' ? 'Copied' : done === 'refused' ? 'Not allowed' : label}
      </span>
    </button>
  )
}

/** The clipboard belongs to secure contexts; beyond loopback without TLS, the old way is left. */
async function copy(text: string): Promise<void> {
  if (navigator.clipboard) return navigator.clipboard.writeText(text)
  const area = document.createElement('textarea')
  area.value = text
  document.body.append(area)
  area.select()
  const copied = document.execCommand('copy')
  area.remove()
  if (!copied) throw new Error('the browser did not copy')
}
