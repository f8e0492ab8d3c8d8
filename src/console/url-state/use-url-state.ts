import { useEffect, useState } from 'preact/hooks'
import { formatUrlState, parseUrlState, type UrlState } from './url-state.ts'

type Change = Partial<UrlState> | ((state: UrlState) => Partial<UrlState>)

const listeners = new Set<(state: UrlState) => void>()
let current = parseUrlState(location.search)

window.addEventListener('popstate', () => show(parseUrlState(location.search)))

function show(state: UrlState): void {
  current = state
  for (const listener of listeners) listener(state)
}

export const urlState = (): UrlState => current

/** Changes the address and what is shown. The browser's back button undoes it, except with `replace`. */
export function navigate(change: Change, options: { readonly replace?: boolean } = {}): void {
  const next = { ...current, ...(typeof change === 'function' ? change(current) : change) }
  const address = `${location.pathname}${formatUrlState(next)}`
  if (address !== `${location.pathname}${location.search}`) {
    if (options.replace) history.replaceState(null, '', address)
    else history.pushState(null, '', address)
  }
  show(next)
}

/** The address of a change, for links that can be opened in another tab. */
export function addressOf(change: Partial<UrlState>): string {
  return `${location.pathname}${formatUrlState({ ...current, ...change })}`
}

export function useUrlState(): UrlState {
  const [state, setState] = useState(current)
  useEffect(() => {
    listeners.add(setState)
    setState(current)
    return () => {
      listeners.delete(setState)
    }
  }, [])
  return state
}
