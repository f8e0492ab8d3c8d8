import { useState } from 'preact/hooks'
import { post } from '../api/client.ts'
import { noAnswer, type Problem, ProblemError } from '../api/problem.ts'
import type { RetryAttempt, RetryResult } from '../api/types.ts'
import { useQuery } from '../api/use-query.ts'
import { StatusBadge } from '../errors/columns.tsx'
import { duration, fullTime } from '../format/time.ts'
import { ProblemNotice } from '../shell/problem-notice.tsx'
import { CodeBlock } from './code-block.tsx'
import { prettyBody } from './pretty-body.ts'

type Mode = RetryAttempt['mode']

interface RetryProps {
  /** Of the final error record of the request. */
  errorId: string
  accountId: string
}

/** Sends the failed request to the gateway again, after a second click, and shows what came of it and of those before. */
export function Retry({ errorId, accountId }: RetryProps) {
  const [mode, setMode] = useState<Mode>('client')
  const [account, setAccount] = useState(accountId)
  const [step, setStep] = useState<'ready' | 'asked' | 'running'>('ready')
  const [problem, setProblem] = useState<Problem>()
  const [result, setResult] = useState<RetryResult>()
  const [done, setDone] = useState(0)
  const history = useQuery<readonly RetryAttempt[]>(`errors/${errorId}/retries`, done)

  const send = async (): Promise<void> => {
    setStep('running')
    setProblem(undefined)
    try {
      const pinned = mode === 'upstream' && account !== '' ? { pinned_account_id: account } : {}
      // One key for one click: an answer that is lost and asked for again is not paid for twice.
      const key = { 'idempotency-key': randomKey() }
      setResult(await post<RetryResult>(`errors/${errorId}/retry`, { mode, ...pinned }, key))
    } catch (error) {
      setProblem(error instanceof ProblemError ? error.problem : noAnswer)
    }
    setStep('ready')
    setDone((count) => count + 1)
  }

  return (
    <section class="detail-section" aria-label="Retry" aria-busy={step === 'running'}>
      <h3>Retry</h3>
      <form
        class="retry-form"
        onSubmit={(event) => {
          event.preventDefault()
          if (step === 'ready') setStep('asked')
          else if (step === 'asked') void send()
        }}
      >
        <label>
          Send it
          <select
            value={mode}
            onChange={(event) => {
              setMode(event.currentTarget.value === 'upstream' ? 'upstream' : 'client')
              setStep('ready')
            }}
          >
            <option value="client">as the client did</option>
            <option value="upstream">to one account</option>
          </select>
        </label>
        {mode === 'upstream' && (
          <label>
            Account
            <input value={account} onInput={(event) => setAccount(event.currentTarget.value.trim())} />
          </label>
        )}
        <button
          type="submit"
          class={step === 'asked' ? 'button button-primary' : 'button'}
          disabled={step === 'running'}
        >
          {step === 'ready' && 'Retry'}
          {step === 'asked' && 'Send it: it may cost money'}
          {step === 'running' && 'Sending…'}
        </button>
        {step === 'asked' && (
          <button type="button" class="button button-quiet" onClick={() => setStep('ready')}>
            Cancel
          </button>
        )}
      </form>
      {problem && <ProblemNotice problem={problem} />}
      <div role="status">{result && <Result result={result} />}</div>
      {history.answer && history.answer.length > 0 && <History attempts={history.answer} />}
    </section>
  )
}

function Result({ result }: { result: RetryResult }) {
  return (
    <div class="retry-result">
      <p class="retry-outcome">
        <span class={result.status === 'succeeded' ? 'badge badge-good' : 'badge badge-failed'}>
          {result.status}
        </span>
        <StatusBadge status={result.http_status_code} />
        {result.used_account_id && <span>account {result.used_account_id}</span>}
        {result.duration_ms !== null && <span class="quiet">{duration(result.duration_ms)}</span>}
      </p>
      {result.error_message && <p class="step-message">{result.error_message}</p>}
      {result.response_preview && (
        <CodeBlock
          label={result.response_truncated ? 'Beginning of the answer' : 'Answer'}
          text={prettyBody(result.response_preview)}
          copied={result.response_preview}
        />
      )}
    </div>
  )
}

function History({ attempts }: { attempts: readonly RetryAttempt[] }) {
  return (
    <ol class="retry-history" aria-label="Earlier retries">
      {attempts.map((attempt) => (
        <li key={attempt.id}>
          <span class={attempt.status === 'succeeded' ? 'badge badge-good' : 'badge'}>{attempt.status}</span>
          {attempt.http_status_code > 0 && <StatusBadge status={attempt.http_status_code} />}
          <span>{attempt.mode === 'client' ? 'as the client' : `account ${attempt.pinned_account_id}`}</span>
          <span class="quiet">
            {fullTime(new Date(attempt.created_at)).slice(0, 19)}
            {attempt.requested_by_user_id && ` · ${attempt.requested_by_user_id}`}
          </span>
          {attempt.error_message && <span class="step-message">{attempt.error_message}</span>}
        </li>
      ))}
    </ol>
  )
}

/** `crypto.randomUUID` belongs to secure contexts; this does not. */
function randomKey(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))]
    .map((byte) => byte.toString(16).padStart(2, '0'))
    .join('')
}
