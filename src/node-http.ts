import { createRequire } from 'node:module'

/**
 * Node's HTTP server and client. `import … from 'node:http'` reads all of the module's exports, `WebSocket` among them, for
 * which Node then loads its own undici: 10 MB of a process that needs none of it.
 * Source: `syncExports` in Node's lib/internal/bootstrap/realm.js, and the getters in lib/http.js.
 */
export const { createServer, request, validateHeaderName, validateHeaderValue } = createRequire(
  import.meta.url,
)('node:http') as typeof import('node:http')
