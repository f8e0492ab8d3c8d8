import { useEffect, useState } from 'preact/hooks'
import { get } from './client.ts'
import { noAnswer, type Problem, ProblemError } from './problem.ts'
import { onTokenChange } from './token.ts'

export interface Query<Answer> {
  /** The last good answer, also while the next one is on its way. */
  readonly answer: Answer | undefined
  readonly problem: Problem | undefined
  readonly loading: boolean
}

const nothing = { answer: undefined, problem: undefined, loading: false }

/**
 * Asks the API and asks again when the path or the tick changes. An answer that is overtaken is dropped.
 * @param path below `/api/v1/`; undefined = not now.
 */
export function useQuery<Answer>(path: string | undefined, tick: unknown = 0): Query<Answer> {
  const [query, setQuery] = useState<Query<Answer>>({ ...nothing, loading: path !== undefined })
  const [token, setToken] = useState(0)
  useEffect(() => onTokenChange(() => setToken((count) => count + 1)), [])
  useEffect(() => {
    if (path === undefined) return setQuery(nothing)
    let overtaken = false
    setQuery((before) => ({ ...before, loading: true }))
    get<Answer>(path).then(
      (answer) => !overtaken && setQuery({ answer, problem: undefined, loading: false }),
      (error: unknown) => {
        const problem = error instanceof ProblemError ? error.problem : noAnswer
        if (!overtaken) setQuery((before) => ({ answer: before.answer, problem, loading: false }))
      },
    )
    return () => {
      overtaken = true
    }
  }, [path, tick, token])
  return query
}
