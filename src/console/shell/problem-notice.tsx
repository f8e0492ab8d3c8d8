import type { Problem } from '../api/problem.ts'

/** What went wrong and what to do about it, in the API's own words. */
export function ProblemNotice({
  problem,
  onRetry,
}: {
  problem: Problem
  onRetry?: (() => void) | undefined
}) {
  return (
    <div class="notice notice-problem" role="alert">
      <strong>{problem.title}</strong>
      <span>{problem.detail}</span>
      {problem.action && <span class="notice-action">{problem.action}</span>}
      {onRetry && (
        <button type="button" class="button" onClick={onRetry}>
          Try again
        </button>
      )}
    </div>
  )
}
