import type { RequestStory } from '../api/types.ts'
import { StatusBadge } from '../errors/columns.tsx'
import { clockTime, duration } from '../format/time.ts'
import { navigate } from '../url-state/use-url-state.ts'

type Step = RequestStory['timeline'][number]

const stepTexts: Readonly<Record<Step['event'], string>> = {
  attempt_failed: 'Attempt failed',
  failover: 'Next account',
  request_failed: 'Client got the error',
}

/** What the gateway did for this request, step by step. */
export function Attempts({ story, eventId }: { story: RequestStory; eventId: string }) {
  const first = Date.parse(story.timeline[0]?.at ?? '')
  return (
    <section class="detail-section">
      <h3>
        Request {story.request_id}{' '}
        <span class={story.outcome === 'failed' ? 'badge badge-failed' : 'badge badge-good'}>
          {story.outcome}
        </span>
      </h3>
      <ol class="timeline">
        {story.timeline.map((step) => (
          <li
            key={`${step.event} ${step.id}`}
            class={`step step-${step.event.replace('_', '-')}`}
            aria-current={step.id === eventId && step.event === 'attempt_failed' ? 'step' : undefined}
          >
            <StepText step={step} afterMs={Date.parse(step.at) - first} current={step.id === eventId} />
          </li>
        ))}
        {story.outcome === 'recovered' && (
          <li class="step step-recovered">
            <span class="step-head">
              <strong>No error record: the client got an answer</strong>
            </span>
          </li>
        )}
      </ol>
    </section>
  )
}

function StepText({ step, afterMs, current }: { step: Step; afterMs: number; current: boolean }) {
  const text = stepTexts[step.event]
  return (
    <>
      <span class="step-head">
        {step.event === 'attempt_failed' && !current ? (
          <button type="button" class="link" onClick={() => navigate({ event: step.id }, { replace: true })}>
            {text}
          </button>
        ) : (
          <strong>{text}</strong>
        )}
        {step.event !== 'failover' && <StatusBadge status={step.status_code} />}
        {step.account_id !== null && <span>account {step.account_id}</span>}
        <span class="quiet">
          {clockTime(new Date(step.at))} · +{duration(Math.max(0, afterMs))}
          {step.event !== 'failover' && step.latency_ms !== null && ` · took ${duration(step.latency_ms)}`}
        </span>
      </span>
      {step.message !== null && <span class="step-message">{step.message}</span>}
    </>
  )
}
