import { isFilterName } from './filter-names.ts'
import type { Filter } from './filters.ts'
import { defaultRange, type RangeText } from './time-range.ts'

export const views = ['overview', 'errors', 'groups'] as const
export type View = (typeof views)[number]

export const splits = ['status_code', 'platform', 'category', 'model', 'account_id'] as const
export type Split = (typeof splits)[number]

export const groupStates = ['all', 'open', 'resolved', 'muted'] as const
export type ShownGroups = (typeof groupStates)[number]

/** What the address of the page holds: everything that a shared link has to bring back. */
export interface UrlState {
  readonly view: View
  readonly range: RangeText
  readonly filters: readonly Filter[]
  /** What the chart is divided by. */
  readonly split: Split
  /** Columns of the table; undefined = the usual ones. */
  readonly columns: readonly string[] | undefined
  /** Which groups are shown. */
  readonly groups: ShownGroups
  /** The table follows new events. */
  readonly live: boolean
  /** The event whose details are open. */
  readonly event: string | undefined
}

const eventId = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/** Reads a query string. Range and filters are parameters of the API under the same names; what is unknown is left out. */
export function parseUrlState(search: string): UrlState {
  const params = new URLSearchParams(search)
  const event = params.get('event') ?? ''
  return {
    view: oneOf(views, params.get('view')),
    range: { from: params.get('from') || defaultRange.from, to: params.get('to') ?? '' },
    filters: [...params].filter(([name]) => isFilterName(name)).map(([name, text]) => ({ name, text })),
    split: oneOf(splits, params.get('split')),
    groups: oneOf(groupStates, params.get('groups')),
    columns: params.get('columns')?.split(',').filter(Boolean),
    live: params.get('live') === 'true',
    event: eventId.test(event) ? event.toLowerCase() : undefined,
  }
}

export function formatUrlState(state: UrlState): string {
  const params = new URLSearchParams()
  if (state.view !== 'overview') params.set('view', state.view)
  if (state.range.from !== defaultRange.from || state.range.to !== '') params.set('from', state.range.from)
  if (state.range.to !== '') params.set('to', state.range.to)
  for (const { name, text } of state.filters) params.append(name, text)
  if (state.split !== 'status_code') params.set('split', state.split)
  if (state.groups !== 'all') params.set('groups', state.groups)
  if (state.columns) params.set('columns', state.columns.join(','))
  if (state.live) params.set('live', 'true')
  if (state.event) params.set('event', state.event)
  const text = params.toString()
  return text === '' ? '' : `?${text}`
}

/** Range and filters as parameters of an API query, with others behind them. */
export function selectionQuery(
  { range, filters }: Pick<UrlState, 'range' | 'filters'>,
  more: Readonly<Record<string, string | number>> = {},
): string {
  const params = new URLSearchParams({ from: range.from })
  if (range.to !== '') params.set('to', range.to)
  for (const { name, text } of filters) params.append(name, text)
  for (const [name, value] of Object.entries(more)) params.set(name, String(value))
  return params.toString()
}

/** Filters alone, for the tail, which has no range. */
export function filterQuery(filters: readonly Filter[], more: Readonly<Record<string, string>>): string {
  const params = new URLSearchParams()
  for (const { name, text } of filters) params.append(name, text)
  for (const [name, value] of Object.entries(more)) params.set(name, value)
  return params.toString()
}

function oneOf<Item extends string>(items: readonly [Item, ...Item[]], text: string | null): Item {
  return items.find((item) => item === text) ?? items[0]
}
