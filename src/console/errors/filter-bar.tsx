import { useEffect, useId, useRef, useState } from 'preact/hooks'
import {
  addFilter,
  type Filter,
  filterValue,
  invertFilter,
  isExcluding,
  parseTyped,
  sameFilter,
} from '../url-state/filters.ts'
import type { UrlState } from '../url-state/url-state.ts'
import { navigate } from '../url-state/use-url-state.ts'
import { type Completion, completionsOf } from './completions.ts'

const askAfterMs = 120

const add = (filter: Filter): void => navigate((state) => ({ filters: addFilter(state.filters, filter) }))

/** The filters of every view: chips, and a text field that completes names and values from the data. */
export function FilterBar({ state }: { state: UrlState }) {
  return (
    <search class="filter-bar">
      {state.filters.map((filter, index) => (
        <Chip key={`${filter.name} ${filter.text} ${index}`} filter={filter} />
      ))}
      <FilterInput state={state} />
      {state.filters.length > 1 && (
        <button type="button" class="button button-quiet" onClick={() => navigate({ filters: [] })}>
          Clear all
        </button>
      )}
    </search>
  )
}

function Chip({ filter }: { filter: Filter }) {
  const excluding = isExcluding(filter)
  const value = filterValue(filter)
  const shown = value === '' ? '(none)' : value
  const change = (changed: readonly Filter[]): void =>
    navigate((state) => ({
      filters: state.filters.flatMap((item) => (sameFilter(item, filter) ? changed : [item])),
    }))
  return (
    <span class={excluding ? 'chip chip-excluding' : 'chip'}>
      <button
        type="button"
        class="chip-text"
        title={excluding ? 'Click to include instead' : 'Click to exclude instead'}
        onClick={() => change([invertFilter(filter)])}
      >
        <span class="chip-name">
          {excluding && <b>not </b>}
          {filter.name === 'q' ? 'message' : filter.name}
        </span>{' '}
        {shown}
      </button>
      <button
        type="button"
        class="chip-remove"
        aria-label={`Remove filter ${filter.name} ${shown}`}
        onClick={() => change([])}
      >
        ×
      </button>
    </span>
  )
}

function FilterInput({ state }: { state: UrlState }) {
  const [typed, setTyped] = useState('')
  const [open, setOpen] = useState(false)
  const [active, setActive] = useState(-1)
  const completions = useCompletions(typed, state, open)
  const input = useRef<HTMLInputElement>(null)
  const listId = useId()

  const type = (text: string): void => {
    setTyped(text)
    setActive(-1)
    setOpen(true)
  }
  const take = ({ filter, text }: Completion): void => {
    if (filter) add(filter)
    type(text ?? '')
    input.current?.focus()
  }
  const submit = (): void => {
    const chosen = completions[active]
    if (chosen) {
      take(chosen)
      return
    }
    const filter = parseTyped(typed)
    if (filter) add(filter)
    type('')
  }
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      const step = event.key === 'ArrowDown' ? 1 : -1
      const count = completions.length
      if (count > 0) setActive((active + step + count + (active < 0 && step < 0 ? 1 : 0)) % count)
      setOpen(true)
    } else if (event.key === 'Enter') submit()
    else if (event.key === 'Tab' && completions[active] && open) take(completions[active])
    else if (event.key === 'Escape') {
      if (open && typed !== '') setOpen(false)
      else input.current?.blur()
    } else if (event.key === 'Backspace' && typed === '' && state.filters.length > 0)
      navigate({ filters: state.filters.slice(0, -1) })
    else return
    event.preventDefault()
  }

  const shown = open && completions.length > 0
  return (
    <div class="filter-input">
      <input
        id="filter-input"
        ref={input}
        role="combobox"
        aria-label="Filter by a field or words of the message"
        aria-expanded={shown}
        aria-controls={listId}
        aria-autocomplete="list"
        aria-activedescendant={shown && active >= 0 ? `${listId}-${active}` : undefined}
        autocomplete="off"
        spellcheck={false}
        placeholder="Filter: platform:openai, -status:429, latency:>=1000, words of the message"
        value={typed}
        onInput={(event) => type(event.currentTarget.value)}
        onFocus={() => setOpen(true)}
        onBlur={() => setOpen(false)}
        onKeyDown={onKeyDown}
      />
      <kbd>/</kbd>
      <div
        id={listId}
        role="listbox"
        aria-label="Completions"
        class={shown ? 'popover completions' : 'completions-none'}
      >
        {shown &&
          completions.map((completion, index) => (
            <div
              key={completion.label}
              id={`${listId}-${index}`}
              role="option"
              tabIndex={-1}
              aria-selected={index === active}
              class="completion"
              onPointerDown={(event) => {
                event.preventDefault()
                take(completion)
              }}
            >
              <span class="completion-label">{completion.label}</span>
              <span class="quiet number">{completion.detail}</span>
            </div>
          ))}
      </div>
    </div>
  )
}

/** Asked for while the field is open, a moment after the last key. */
function useCompletions(typed: string, state: UrlState, open: boolean): readonly Completion[] {
  const [completions, setCompletions] = useState<readonly Completion[]>([])
  useEffect(() => {
    if (!open) return
    let overtaken = false
    const timer = setTimeout(() => {
      completionsOf(typed, state).then(
        (found) => !overtaken && setCompletions(found),
        () => !overtaken && setCompletions([]),
      )
    }, askAfterMs)
    return () => {
      overtaken = true
      clearTimeout(timer)
    }
  }, [typed, state, open])
  return completions
}
