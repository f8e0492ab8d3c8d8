import { useEffect, useState } from 'preact/hooks'
import type { ConsoleConfig } from './api/types.ts'
import { useQuery } from './api/use-query.ts'
import { Drawer } from './detail/drawer.tsx'
import { Errors } from './errors/errors.tsx'
import { FilterBar } from './errors/filter-bar.tsx'
import { Groups } from './groups/groups.tsx'
import { Overview } from './overview/overview.tsx'
import { Header } from './shell/header.tsx'
import { HelpDialog } from './shell/help-dialog.tsx'
import { useKeys } from './shell/keyboard.ts'
import { ProblemNotice } from './shell/problem-notice.tsx'
import { TokenForm } from './shell/token-form.tsx'
import { useRefresh } from './shell/use-refresh.ts'
import { navigate, useUrlState } from './url-state/use-url-state.ts'

const titles = { overview: 'Overview', errors: 'Errors', groups: 'Groups' } as const

/** The whole console. Nothing is asked of the API before it is known that it answers this browser. */
export function App() {
  const state = useUrlState()
  const [helpOpen, setHelpOpen] = useState(false)
  const refresh = useRefresh(state.range)
  const config = useQuery<ConsoleConfig>('console-config')
  const { status } = config.problem ?? {}
  const refused = status === 401 || status === 403

  useEffect(() => {
    document.title = `${titles[state.view]} · ops-sidecar`
  }, [state.view])
  useKeys({
    '?': () => setHelpOpen(true),
    '/': () => document.getElementById('filter-input')?.focus(),
    1: () => navigate({ view: 'overview' }),
    2: () => navigate({ view: 'errors' }),
    3: () => navigate({ view: 'groups' }),
    r: refresh.now,
    Escape: () => {
      if (helpOpen) setHelpOpen(false)
      else if (state.event) navigate({ event: undefined })
    },
  })

  return (
    <div class={state.event && !refused ? 'app app-with-drawer' : 'app'}>
      <a class="skip-link" href="#content">
        Skip to content
      </a>
      <Header state={state} refresh={refresh} onHelp={() => setHelpOpen(true)} />
      {refused ? (
        <main id="content" class="content">
          <TokenForm problem={config.problem} />
        </main>
      ) : (
        <>
          <FilterBar state={state} />
          <main id="content" class="content" tabIndex={-1}>
            <h1 class="visually-hidden">{titles[state.view]}</h1>
            {config.problem && <ProblemNotice problem={config.problem} onRetry={refresh.now} />}
            {state.view === 'overview' && <Overview state={state} refresh={refresh} config={config.answer} />}
            {state.view === 'errors' && <Errors state={state} refresh={refresh} config={config.answer} />}
            {state.view === 'groups' && <Groups state={state} tick={refresh.tick} />}
          </main>
          {state.event && <Drawer eventId={state.event} config={config.answer} />}
        </>
      )}
      {helpOpen && <HelpDialog onClose={() => setHelpOpen(false)} />}
    </div>
  )
}
