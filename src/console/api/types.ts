import type { presentAttempt, presentResult } from '../../api/present-retry.ts'
import type { HistogramAnswer } from '../../api/routes/histogram.ts'
import type { UpstreamErrorEvent } from '../../event/upstream-error-event.ts'

export type { ConsoleConfig } from '../../api/routes/console.ts'
export type { GroupsAnswer } from '../../api/routes/groups.ts'
export type { RequestStory } from '../../api/routes/request-story.ts'
export type { ThrottlingAnswer } from '../../api/routes/throttling.ts'
export type { TopAnswer } from '../../api/routes/top.ts'
export type { HistogramAnswer }

export type RetryAttempt = ReturnType<typeof presentAttempt>
export type RetryResult = ReturnType<typeof presentResult>
export type Bucket = HistogramAnswer['buckets'][number]

type TextColumn = 'event_id' | 'created_at' | 'ingested_at' | 'fingerprint'

/** An event as the API's JSON shows it: times in ISO 8601, null for what is absent. */
export type UpstreamError = {
  readonly [Column in keyof UpstreamErrorEvent]: Column extends TextColumn
    ? string
    : Column extends `${string}_headers`
      ? Readonly<Record<string, unknown>> | null
      : Column extends 'attributes'
        ? Readonly<Record<string, string>>
        : UpstreamErrorEvent[Column] extends boolean
          ? boolean
          : string extends UpstreamErrorEvent[Column]
            ? string | null
            : UpstreamErrorEvent[Column] | null
}

/** An event of a list: only some of its columns are there. */
export type ListedEvent = Pick<UpstreamError, 'event_id' | 'created_at'> & Partial<UpstreamError>

export interface ListAnswer {
  readonly events: readonly ListedEvent[]
  readonly next_cursor: string | null
}
