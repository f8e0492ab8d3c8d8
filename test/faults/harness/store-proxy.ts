import { connect, createServer, type Socket } from 'node:net'

/**
 * What the proxy does with the next inserts; everything else passes.
 * - `swallow`: the store gets the insert, its answer is thrown away and the connection reset
 * - `delay`: the store gets it only after `delayMs`, whether or not the sender still waits
 */
export type ProxyMode = 'pass' | 'swallow' | 'delay'

export interface StoreProxy {
  readonly url: string
  mode: ProxyMode
  /** Inserts that were meddled with. */
  readonly faults: number
  close(): Promise<void>
}

const insertStart = /^POST \/\S*INSERT(\+|%20| )INTO/

/** A TCP proxy in front of a ClickHouse server on loopback. */
export function startStoreProxy(target: string, delayMs: number): Promise<StoreProxy> {
  const { hostname, port } = new URL(target)
  const sockets = new Set<Socket>()
  let faults = 0
  const server = createServer((client) => {
    const store = connect(Number(port || 8123), hostname)
    for (const socket of [client, store]) {
      sockets.add(socket)
      socket.on('error', () => {})
      socket.once('close', () => sockets.delete(socket))
    }
    let fault: ProxyMode = 'pass'
    client.on('data', (chunk: Buffer) => {
      if (insertStart.test(chunk.toString('latin1', 0, 2000)) && proxy.mode !== 'pass') {
        fault = proxy.mode
        faults++
        if (fault === 'delay') {
          // What comes after it waits in order.
          client.pause()
          setTimeout(() => {
            store.write(chunk)
            client.resume()
          }, delayMs)
          return
        }
      }
      store.write(chunk)
    })
    store.on('data', (chunk: Buffer) => {
      if (fault === 'swallow') client.resetAndDestroy()
      else if (!client.destroyed) client.write(chunk)
    })
    store.on('end', () => client.end())
    client.on('close', () => {
      // The store must still get what was sent to it.
      if (fault === 'pass') store.end()
      else setTimeout(() => store.end(), delayMs * 2)
    })
  })
  const proxy = {
    url: '',
    mode: 'pass' as ProxyMode,
    get faults() {
      return faults
    },
    close() {
      for (const socket of sockets) socket.destroy()
      return new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      proxy.url = `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`
      resolve(proxy)
    })
  })
}
