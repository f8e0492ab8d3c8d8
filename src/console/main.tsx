import './styles/base.css'
import './styles/shell.css'
import './styles/overview.css'
import './styles/errors.css'
import './styles/detail.css'
import { render } from 'preact'
import { App } from './app.tsx'
import { applyTheme } from './shell/theme.ts'

applyTheme()
const root = document.getElementById('console')
if (root) render(<App />, root)
