import type { UpstreamError } from '../api/types.ts'
import { duration, fullTime } from '../format/time.ts'
import { filterKinds } from '../url-state/filter-names.ts'
import { addFilter, filterFor } from '../url-state/filters.ts'
import { navigate } from '../url-state/use-url-state.ts'

type Name = keyof UpstreamError

const sections: readonly (readonly [title: string, names: readonly Name[]])[] = [
  [
    'What the provider said',
    [
      'status_code',
      'category',
      'error_type',
      'error_code',
      'retryable',
      'retry_after_ms',
      'kind',
      'upstream_request_id',
      'fingerprint',
    ],
  ],
  [
    'Where',
    [
      'platform',
      'model',
      'upstream_model',
      'operation',
      'stream',
      'account_id',
      'account_name',
      'upstream_host',
      'upstream_path',
      'attempt',
      'latency_ms',
      'time_to_first_token_ms',
    ],
  ],
  [
    'For whom',
    [
      'request_id',
      'client_request_id',
      'user_id',
      'api_key_id',
      'group_id',
      'client_ip',
      'request_path',
      'user_agent',
      'service_name',
      'service_namespace',
      'service_instance_id',
      'environment',
      'trace_id',
      'span_id',
      'ingested_at',
      'event_id',
    ],
  ],
]

/** The columns of the event, each with a way to find others like it, or all but those. */
export function Fields({ event }: { event: UpstreamError }) {
  return (
    <>
      {sections.map(([title, names]) => {
        const there = names.filter((name) => event[name] !== null && event[name] !== undefined)
        if (there.length === 0) return null
        return (
          <section key={title} class="detail-section">
            <h3>{title}</h3>
            <dl class="fields">
              {there.map((name) => (
                <Field key={name} name={name} value={event[name]} />
              ))}
            </dl>
          </section>
        )
      })}
    </>
  )
}

function Field({ name, value }: { name: Name; value: UpstreamError[Name] }) {
  const text = String(value)
  const isFilter = Object.hasOwn(filterKinds, name)
  const add = (exclude: boolean): void =>
    navigate((state) => ({
      view: state.view === 'overview' ? 'errors' : state.view,
      filters: addFilter(state.filters, filterFor(name, text, exclude)),
    }))
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        {shown(name, text)}
        {isFilter && (
          <span class="field-tools">
            <button
              type="button"
              aria-label={`Only ${name} ${text}`}
              title="Only these"
              onClick={() => add(false)}
            >
              +
            </button>
            {typeof value !== 'boolean' && (
              <button
                type="button"
                aria-label={`Not ${name} ${text}`}
                title="All but these"
                onClick={() => add(true)}
              >
                −
              </button>
            )}
          </span>
        )}
      </dd>
    </div>
  )
}

function shown(name: Name, text: string): string {
  if (name.endsWith('_ms')) return duration(Number(text))
  if (name === 'ingested_at') return fullTime(new Date(text))
  if (name === 'status_code' && text === '0') return '0 (no answer)'
  return text
}
