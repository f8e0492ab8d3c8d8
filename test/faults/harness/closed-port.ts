import { createServer } from 'node:net'

/** The URL of a port of loopback that nothing listens on. */
export function closedPortUrl(): Promise<string> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      const port = typeof address === 'object' && address ? address.port : 0
      server.close(() => resolve(`http://127.0.0.1:${port}`))
    })
  })
}
