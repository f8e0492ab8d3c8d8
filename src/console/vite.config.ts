import { gzipSync } from 'node:zlib'
import { defineConfig, type Plugin } from 'vite'

/** A `.gz` beside each file, which `@fastify/static` serves to browsers that take it. */
function precompress(): Plugin {
  return {
    name: 'precompress',
    apply: 'build',
    generateBundle(_options, bundle) {
      for (const [fileName, file] of Object.entries(bundle)) {
        const source = file.type === 'chunk' ? file.code : file.source
        if (!fileName.startsWith('assets/')) continue
        this.emitFile({ type: 'asset', fileName: `${fileName}.gz`, source: gzipSync(source, { level: 9 }) })
      }
    },
  }
}

/** `npm run console:dev` works on a sidecar that runs elsewhere, by default where `npm start` puts it. */
const api = process.env.CONSOLE_API_URL ?? 'http://127.0.0.1:4380'

export default defineConfig({
  root: import.meta.dirname,
  // Relative, so that the console also works below a path of a reverse proxy.
  base: './',
  publicDir: false,
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: '../../dist/console',
    emptyOutDir: true,
    target: 'es2022',
    modulePreload: false,
    assetsInlineLimit: 0,
    reportCompressedSize: false,
  },
  plugins: [precompress()],
  server: { host: '127.0.0.1', proxy: { '/api': api, '/healthz': api, '/readyz': api } },
})
