// Builds the console after `npm ci`, so that `npm start` serves it. An install without the tools to build it
// (`npm ci --omit=dev`) goes on without; a published package brings its build along.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'

const vite = new URL('../../node_modules/vite/bin/vite.js', import.meta.url)
if (existsSync(vite)) {
  const { status } = spawnSync('npm', ['run', '--silent', 'console:build', '--', '--logLevel', 'warn'], {
    stdio: 'inherit',
  })
  process.exitCode = status ?? 1
}
