import { globSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestSidecar, type TestSidecar, temporaryDirectory } from '../support/sidecar.ts'

const built = new URL('../../dist/console', import.meta.url).pathname
const maxBytes = 150_000

describe('the files of the console', () => {
  let directory: Awaited<ReturnType<typeof temporaryDirectory>>
  let sidecar: TestSidecar
  beforeAll(async () => {
    directory = await temporaryDirectory()
    sidecar = await startTestSidecar(directory.path)
  })
  afterAll(async () => {
    await sidecar.stop()
    await directory.remove()
  })

  it('are less than 150 kB in all, compressed', () => {
    const files = globSync('**/*', { cwd: built })
      .map((file) => join(built, file))
      .filter((file) => statSync(file).isFile() && !file.endsWith('.gz'))
    expect(files.length).toBeGreaterThanOrEqual(3)
    const bytes = files.reduce((sum, file) => sum + gzipSync(readFileSync(file)).length, 0)
    expect(bytes).toBeLessThan(maxBytes)
  })

  it('come with a policy that allows no inline script and no text as HTML, and name nothing elsewhere', async () => {
    const page = await fetch(`${sidecar.apiUrl}/`)
    const html = await page.text()
    expect(page.status).toBe(200)
    const policy = page.headers.get('content-security-policy') ?? ''
    expect(policy).toContain("script-src 'self';")
    expect(policy).toContain("style-src 'self';")
    expect(policy).toContain("require-trusted-types-for 'script'")
    expect(policy).not.toContain('unsafe')
    expect(html).not.toMatch(/<script(?![^>]*\bsrc=)|<style|\bon\w+=|https?:\/\//)
    for (const [, asset] of html.matchAll(/(?:src|href)="([^"]+)"/g)) {
      const answer = await fetch(`${sidecar.apiUrl}/${asset}`)
      expect(answer.status).toBe(200)
      expect(answer.headers.get('cache-control')).toContain('immutable')
      expect(answer.headers.get('x-content-type-options')).toBe('nosniff')
      if (asset?.endsWith('.js')) expect(answer.headers.get('content-encoding')).toBe('gzip')
    }
  })

  it('are all that is served from their folder', async () => {
    const paths = ['/assets/../index.html', '/assets/..%2f..%2fpackage.json', '/assets/', '/assets/none.js']
    for (const path of paths) {
      const answer = await fetch(`${sidecar.apiUrl}${path}`)
      expect([400, 404], path).toContain(answer.status)
      expect(answer.headers.get('content-type'), path).toMatch(/^application\/problem\+json/)
    }
  })
})
