import { get } from '../api/client.ts'
import type { TopAnswer } from '../api/types.ts'
import { filterAliases, filterKinds } from '../url-state/filter-names.ts'
import { type Filter, filterFor, nameOf } from '../url-state/filters.ts'
import { selectionQuery, type UrlState } from '../url-state/url-state.ts'

export interface Completion {
  readonly label: string
  /** How many events it would find, or what it is. */
  readonly detail: string
  /** The filter that it adds; else the text that typing goes on from. */
  readonly filter?: Filter
  readonly text?: string
}

const maxNames = 8
const maxValues = 30
const numberForms = ['>=1000', '<500', '100..500']

/** What could come next after what was typed: names of filters first, after a colon values that occur. */
export async function completionsOf(typed: string, state: UrlState): Promise<Completion[]> {
  const [, minus = '', word = '', value] = /^\s*([-!]?)([a-z_]*)(?::(.*))?$/is.exec(typed) ?? []
  if (value === undefined) return nameCompletions(minus, word)
  const name = nameOf(word)
  return name === undefined ? [] : valueCompletions(name, minus !== '', value.trim(), state)
}

function nameCompletions(minus: string, word: string): Completion[] {
  const lower = word.toLowerCase()
  const alias = Object.keys(filterAliases).find((item) => item.startsWith(lower))
  const names = Object.keys(filterKinds)
    .filter((name) => name.startsWith(lower) || (lower.length > 1 && name.includes(lower)))
    .sort((a, b) => Number(b.startsWith(lower)) - Number(a.startsWith(lower)))
  const aliased = alias && lower !== '' ? filterAliases[alias] : undefined
  return [...new Set([...(aliased ? [aliased] : []), ...names])]
    .slice(0, maxNames)
    .map((name) => ({ label: `${minus}${name}:`, detail: '', text: `${minus}${name}:` }))
}

async function valueCompletions(
  name: string,
  exclude: boolean,
  typed: string,
  state: UrlState,
): Promise<Completion[]> {
  const kind = filterKinds[name]
  if (kind === 'number')
    return numberForms.map((form) => ({
      label: form,
      detail: '',
      filter: { name, text: exclude ? `!${form}` : form },
    }))
  if (kind !== 'choice') return []
  // The values of a filter are chosen among what the other filters let pass.
  const others = { ...state, filters: state.filters.filter((filter) => filter.name !== name) }
  const { items } = await get<TopAnswer>(
    `upstream-errors/top?${selectionQuery(others, { dimension: name, n: 100 })}`,
  )
  const lower = typed.toLowerCase()
  return items
    .filter((item) => item.key.toLowerCase().includes(lower))
    .slice(0, maxValues)
    .map((item) => ({
      label: item.key === '' ? '(none)' : item.key,
      detail: item.count.toLocaleString('en'),
      filter: filterFor(name, item.key, exclude),
    }))
}
