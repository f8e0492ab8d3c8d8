import type { RequestStory } from '../api/types.ts'
import { useQuery } from '../api/use-query.ts'
import { ProblemNotice } from '../shell/problem-notice.tsx'
import { Attempts } from './attempts.tsx'
import { Retry } from './retry.tsx'

/** The request that the event is of: its attempts, and sending it again when it failed in the end. */
export function RequestSections({ requestId, eventId }: { requestId: string; eventId: string }) {
  const { answer, problem } = useQuery<RequestStory>(`requests/${encodeURIComponent(requestId)}`)
  if (problem?.status === 404) return null
  if (problem) return <ProblemNotice problem={problem} />
  if (answer?.request_id !== requestId) return <div class="skeleton attempts-skeleton" />
  const { error } = answer
  return (
    <>
      <Attempts story={answer} eventId={eventId} />
      {error && (
        <Retry key={String(error.id)} errorId={String(error.id)} accountId={String(error.account_id ?? '')} />
      )}
    </>
  )
}
