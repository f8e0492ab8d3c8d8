import { OpsError } from '../errors.ts'

export interface QueryLimits {
  /** Time in ClickHouse that one token may use in a minute, ms; 0 = as much as it wants. */
  readonly msPerMinute: number
  /** Queries of one token at one time; 0 = any number. */
  readonly concurrent: number
}

/** What the tokens may use of the store, so that one cannot take the place of all others. */
export interface QueryBudget {
  /**
   * Begins a query of the token; the function that is returned ends it, with the time that it took.
   * @param mayRefuse false for further queries of an answer that has begun: they are only counted.
   * @throws OpsError `too_many_requests` with `retry_after_seconds`.
   */
  begin(tokenName: string, mayRefuse: boolean): (elapsedMs: number) => void
}

interface Account {
  running: number
  /** Left at `atMs`; more comes with time, up to a minute's. Below 0 when a query took longer than was left. */
  leftMs: number
  atMs: number
}

const minuteMs = 60_000

export function createQueryBudget({ msPerMinute, concurrent }: QueryLimits, now = Date.now): QueryBudget {
  const accounts = new Map<string, Account>()

  function accountOf(tokenName: string): Account {
    const atMs = now()
    const account = accounts.get(tokenName) ?? { running: 0, leftMs: msPerMinute, atMs }
    const earned = ((atMs - account.atMs) * msPerMinute) / minuteMs
    account.leftMs = Math.min(msPerMinute, account.leftMs + earned)
    account.atMs = atMs
    // As many as there are tokens.
    accounts.set(tokenName, account)
    return account
  }

  return {
    begin(tokenName, mayRefuse) {
      const account = accountOf(tokenName)
      if (mayRefuse && concurrent > 0 && account.running >= concurrent)
        throw refusal(`${concurrent} queries of this token are under way`, 1)
      if (mayRefuse && msPerMinute > 0 && account.leftMs <= 0) {
        const seconds = Math.ceil((-account.leftMs * minuteMs) / msPerMinute / 1000)
        throw refusal('the query time of this token is used up', Math.max(1, seconds))
      }
      account.running++
      return (elapsedMs) => {
        account.running--
        account.leftMs -= elapsedMs
      }
    },
  }
}

function refusal(message: string, retry_after_seconds: number): OpsError {
  return new OpsError('too_many_requests', message, { extra: { retry_after_seconds } })
}
