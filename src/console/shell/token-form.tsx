import { useState } from 'preact/hooks'
import type { Problem } from '../api/problem.ts'
import { currentToken, enterToken } from '../api/token.ts'

/** Asks for the token that the API wants, or for another one when the present one lacks rights. */
export function TokenForm({ problem }: { problem: Problem | undefined }) {
  const [token, setToken] = useState('')
  const lacksRights = problem?.status === 403
  const wrong = problem?.status === 401 && currentToken() !== undefined
  return (
    <form
      class="token-form panel"
      onSubmit={(event) => {
        event.preventDefault()
        if (token.trim() !== '') enterToken(token.trim())
      }}
    >
      <h1>{lacksRights ? 'This token may not read events' : 'A token is required'}</h1>
      <p>
        {lacksRights
          ? `${problem.detail}. Ask whoever runs this sidecar for a token with the scope read.`
          : 'This sidecar asks everybody who reads its events for a token with the scope read.'}
      </p>
      <label for="token">Token</label>
      <div class="token-row">
        <input
          id="token"
          type="password"
          autocomplete="off"
          spellcheck={false}
          placeholder="ops_…"
          value={token}
          aria-invalid={wrong}
          aria-describedby="token-note"
          onInput={(event) => setToken(event.currentTarget.value)}
        />
        <button type="submit" class="button button-primary">
          Continue
        </button>
      </div>
      {wrong && (
        <p class="token-wrong" role="alert">
          This token is not known here.
        </p>
      )}
      <p id="token-note" class="quiet">
        It stays in this tab and is forgotten when the tab is closed. <code>ops-sidecar token create</code>{' '}
        makes one.
      </p>
    </form>
  )
}
