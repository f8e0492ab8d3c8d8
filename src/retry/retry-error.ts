import { randomUUID } from 'node:crypto'
import type { Logger } from 'pino'
import { OpsError } from '../errors.ts'
import type { Metrics } from '../metrics/metrics.ts'
import type { Redactor } from '../redaction/create-redactor.ts'
import type { EventRow } from '../store/queries/event-columns.ts'
import { getRequestError } from '../store/queries/request-errors.ts'
import type { RunQuery } from '../store/query.ts'
import { attemptVersions, type RetryAttempt, type RetryAttempts } from '../store/retry-attempts.ts'
import { buildReplay, type Replay } from './build-replay.ts'
import { type LookUp, resolveGateway } from './gateway-address.ts'
import { settle } from './interrupted.ts'
import { type AnswerFields, keptBytes, readAnswer } from './read-answer.ts'
import { checkLimits, type Limits } from './retry-limits.ts'
import { type RetrySettings, readCredentials } from './retry-settings.ts'
import { sendReplay } from './send-replay.ts'

export interface RetryRequest {
  readonly errorId: string
  readonly mode: RetryAttempt['mode']
  /** Only with mode `upstream`; default the account of the error. */
  readonly pinnedAccountId: string | undefined
  /** Retries at once, even within seconds of the last one. */
  readonly force: boolean
  /** '' = none. */
  readonly idempotencyKey: string
  readonly requestedBy: string
}

export interface RetryParts {
  readonly settings: RetrySettings
  readonly attempts: RetryAttempts
  readonly redactor: Redactor
  readonly lookUp: LookUp
  /** Tells the attempts of this data directory from those of other sidecars. */
  readonly owner: string
  /** How far the store is behind with what comes in, from 0 to 1. */
  readonly pressure?: () => number
  readonly metrics: Metrics
  readonly log: Logger
}

export interface Retries {
  /**
   * Sends the request of a failed one again, and resolves when it has ended, well or not.
   * @param run finds the error for whoever asks.
   * @throws OpsError when it is refused: nothing was sent then.
   */
  retry(request: RetryRequest, run: RunQuery): Promise<RetryAttempt>
  /** Ends the retries under way and stores that they were. */
  stop(): Promise<void>
}

/** A retry makes more errors and reads the store: it waits until the store keeps up again. */
const refusedAbove = 0.6

/** Beyond its time limit an attempt has this long to be claimed and to store its end. */
const deadlineMarginMs = 60_000

/** Makes what retries. One request at a time is let in, so that what each sees of the others is true. */
export function createRetries(parts: RetryParts): Retries {
  const { settings, attempts, owner, log } = parts
  const underWay = new Map<string, Promise<RetryAttempt>>()
  const stopping = new AbortController()
  let entrance: Promise<unknown> = Promise.resolve()

  /** Runs after those that came before. */
  function inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const turn = entrance.then(work)
    entrance = turn.catch(() => {})
    return turn
  }

  async function enter(request: RetryRequest, run: RunQuery): Promise<{ ended: Promise<RetryAttempt> }> {
    if (stopping.signal.aborted) throw new OpsError('shutting_down', 'the sidecar is shutting down')
    if ((parts.pressure?.() ?? 0) > refusedAbove)
      throw new OpsError('overloaded', 'the store is behind with what comes in; repeat this later')
    const record = await getRequestError(run, request.errorId)
    if (record === undefined) throw new OpsError('not_found', `there is no request error ${request.errorId}`)
    const nowMs = Date.now()
    const attempt: RetryAttempt = {
      ...newAttempt,
      id: randomUUID(),
      created_at: nowMs,
      requested_by_user_id: request.requestedBy,
      source_error_id: request.errorId,
      mode: request.mode,
      pinned_account_id: pinnedAccount(request, record, settings),
      idempotency_key: request.idempotencyKey,
      owner,
      deadline_at: nowMs + settings.timeoutMs + deadlineMarginMs,
    }
    const limits: Limits = { attempt, force: request.force, maxPerHour: settings.maxPerHour }
    // What the store tells as running may end while it answers.
    const running = new Map(underWay)
    const repeated = checkLimits(await others(attempt), limits)
    if (repeated !== undefined) return { ended: running.get(repeated.id) ?? Promise.resolve(endOf(repeated)) }

    const credentials = currentCredentials(settings)
    const replay = buildReplay(record, settings, {
      attemptId: attempt.id,
      pinnedAccountId: attempt.pinned_account_id,
      credentials,
    })
    const addresses = await resolveGateway(settings.gateway.hostname, settings.networks, parts.lookUp)
    const claimed = await claim(attempt, limits)
    const ended = sendReplay(replay, addresses, { ...settings, keptBytes }, stopping.signal)
      .then((answer) =>
        readAnswer(
          answer,
          String(record.platform),
          settings.accountHeader,
          secretsOf(replay, credentials),
          parts.redactor,
        ),
      )
      .then((fields) => finish(claimed, fields))
      .finally(() => underWay.delete(attempt.id))
    underWay.set(attempt.id, ended)
    return { ended }
  }

  const others = async (attempt: RetryAttempt) =>
    (
      await attempts.related(attempt.source_error_id, attempt.created_at - hourMs, attempt.idempotency_key)
    ).filter((other) => other.id !== attempt.id)

  /**
   * Makes the attempt known, and gives it up when another sidecar of the same store has made one known that excludes
   * it. Of two that do so at one time, the later of the two inserts is seen by its own sidecar together with the
   * earlier one, so never do both go on; that neither does can happen.
   */
  async function claim(attempt: RetryAttempt, limits: Limits): Promise<RetryAttempt> {
    await attempts.put(attempt, attemptVersions.queued)
    try {
      const repeated = checkLimits(await others(attempt), limits)
      if (repeated !== undefined)
        throw new OpsError('retry_running', 'another retry began at the same moment')
      const running = { ...attempt, status: 'running', started_at: Date.now() } as const
      await attempts.put(running, attemptVersions.running)
      return running
    } catch (error) {
      const withdrawn = {
        ...attempt,
        status: 'failed',
        finished_at: Date.now(),
        error_message: 'not sent',
      } as const
      await attempts
        .put(withdrawn, attemptVersions.ended)
        .catch((cause: unknown) =>
          log.error({ err: cause, attempt: attempt.id }, 'a retry was not withdrawn'),
        )
      throw error
    }
  }

  async function finish(running: RetryAttempt, fields: AnswerFields): Promise<RetryAttempt> {
    const ended: RetryAttempt = { ...running, ...fields, finished_at: Date.now() }
    parts.metrics.retries.inc({ mode: ended.mode, status: ended.status })
    // What came of it is told even when it cannot be stored; then it counts as failed after its deadline.
    await attempts
      .put(ended, attemptVersions.ended)
      .catch((error: unknown) =>
        log.error({ err: error, attempt: ended.id }, 'the end of a retry was not stored'),
      )
    return ended
  }

  return {
    async retry(request, run) {
      const { ended } = await inTurn(() => enter(request, run))
      return ended
    },
    async stop() {
      stopping.abort()
      await entrance
      await Promise.allSettled(underWay.values())
    },
  }
}

/** @throws OpsError `retry_running` where another sidecar runs it. */
function endOf(repeated: RetryAttempt): RetryAttempt {
  const settled = settle(repeated, Date.now())
  if (settled.finished_at > 0) return settled
  throw new OpsError('retry_running', 'the retry with this Idempotency-Key is under way')
}

const hourMs = 3_600_000

const newAttempt = {
  status: 'queued',
  started_at: 0,
  finished_at: 0,
  used_account_id: '',
  http_status_code: 0,
  upstream_request_id: '',
  response_preview: '',
  response_truncated: false,
  error_message: '',
} as const

function pinnedAccount(
  { mode, pinnedAccountId }: RetryRequest,
  record: EventRow,
  settings: RetrySettings,
): string {
  const invalid = (why: string) =>
    new OpsError('invalid_parameter', `pinned_account_id: ${why}`, {
      extra: { parameter: 'pinned_account_id' },
    })
  if (mode === 'client') {
    if (pinnedAccountId !== undefined) throw invalid('goes with mode upstream only')
    return ''
  }
  if (settings.accountHeader === '')
    throw new OpsError(
      'retry_not_configured',
      'OPS_RETRY_ACCOUNT_HEADER names no header to pin an account by',
    )
  const account = pinnedAccountId ?? String(record.account_id)
  if (account === '') throw invalid('is missing, and the error has no account')
  if (!/^[\x21-\x7e]{1,256}$/.test(account)) throw invalid('is no id that can be sent in a header')
  return account
}

function currentCredentials(settings: RetrySettings): ReadonlyMap<string, string> {
  try {
    return readCredentials(settings.credentialsFile)
  } catch (cause) {
    throw new OpsError('retry_not_configured', 'OPS_RETRY_CREDENTIALS_FILE cannot be used', { cause })
  }
}

/** A gateway may answer with what it was sent. */
function secretsOf({ headers }: Replay, credentials: ReadonlyMap<string, string>): string[] {
  const values = [...credentials.keys()].map((name) => headers[name] ?? '')
  return values
    .flatMap((value) => [value, value.split(' ').at(-1) ?? ''])
    .filter((value) => value.length >= 8)
}
