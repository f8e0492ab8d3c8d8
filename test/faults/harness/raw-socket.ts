import { connect, type Socket } from 'node:net'

/** A TCP connection that a scenario misuses. */
export interface RawSocket {
  readonly socket: Socket
  /** How long the other side kept it, from the connection on; resolves when it is closed. */
  readonly closedAfterMs: Promise<number>
}

export function openRawSocket(url: string, onConnected: (socket: Socket) => void): RawSocket {
  const { hostname, port } = new URL(url)
  const startedAtMs = performance.now()
  const socket = connect(Number(port), hostname)
  // A reset is an end as any other.
  socket.on('error', () => {})
  // Unread, the other side's end would not be seen.
  socket.resume()
  socket.once('connect', () => onConnected(socket))
  const closedAfterMs = new Promise<number>((resolve) => {
    socket.once('close', () => resolve(performance.now() - startedAtMs))
  })
  return { socket, closedAfterMs }
}
