import { useEffect, useRef } from 'preact/hooks'

const keys: readonly (readonly [keys: readonly string[], what: string])[] = [
  [['j', 'k'], 'next and previous event'],
  [['Enter'], 'open the event'],
  [['Esc'], 'close what is open'],
  [['/'], 'go to the filter'],
  [['1', '2', '3'], 'overview, errors, groups'],
  [['l'], 'follow new events, or stop'],
  [['p'], 'pause while following'],
  [['r'], 'refresh'],
  [['?'], 'this list'],
]

const filters: readonly (readonly [string, string])[] = [
  ['platform:openai', 'only this value'],
  ['-status:429', 'not this value'],
  ['status:5xx', 'a class of statuses'],
  ['latency_ms:>=1000', 'a comparison; 100..500 is a range'],
  ['quota exceeded', 'both words in the message'],
  ['"rate limit"', 'a phrase'],
  ['-timeout', 'not this word'],
]

export function HelpDialog({ onClose }: { onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => dialog.current?.showModal(), [])
  return (
    <dialog ref={dialog} class="dialog" aria-labelledby="help-title" onClose={onClose}>
      <header class="dialog-header">
        <h2 id="help-title">Keys and filters</h2>
        <button type="button" class="button button-quiet" onClick={onClose}>
          Close
        </button>
      </header>
      <div class="help-columns">
        <dl class="help-list">
          {keys.map(([names, what]) => (
            <div key={what}>
              <dt>
                {names.map((name) => (
                  <kbd key={name}>{name}</kbd>
                ))}
              </dt>
              <dd>{what}</dd>
            </div>
          ))}
        </dl>
        <dl class="help-list">
          {filters.map(([text, what]) => (
            <div key={text}>
              <dt>
                <code>{text}</code>
              </dt>
              <dd>{what}</dd>
            </div>
          ))}
        </dl>
      </div>
      <p class="quiet">
        Drag over a chart to zoom into a time. Every view is in the address: share it as it is.
      </p>
    </dialog>
  )
}
