import { connect, type Socket } from 'node:net'

/** One keep-alive connection that sends one request at a time. Cheaper than node:http, as sender and receiver share a machine. */
export interface HttpConnection {
  /** Resolves to the status of the answer. The bytes must not change until then. */
  post(head: Buffer, body: Buffer): Promise<number>
  close(): void
}

interface Waiting {
  resolve(status: number): void
  reject(error: Error): void
}

export async function openHttpConnection(host: string, port: number): Promise<HttpConnection> {
  const socket = connect({ host, port, noDelay: true })
  await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject))
  let waiting: Waiting | undefined
  let received = ''
  socket.setEncoding('latin1')
  socket.on('data', (text: string) => {
    received += text
    const status = wholeAnswer(received)
    if (status === undefined) return
    received = ''
    waiting?.resolve(status)
    waiting = undefined
  })
  const fail = (error: Error): void => waiting?.reject(error)
  socket.on('error', fail)
  socket.on('close', () => fail(new Error('the connection was closed')))
  return {
    post: (head, body) =>
      new Promise((resolve, reject) => {
        waiting = { resolve, reject }
        write(socket, head, body)
      }),
    close: () => void socket.destroy(),
  }
}

function write(socket: Socket, head: Buffer, body: Buffer): void {
  socket.cork()
  socket.write(head)
  socket.write(body)
  socket.uncork()
}

/** The status of an answer that is complete. */
function wholeAnswer(text: string): number | undefined {
  const headEnd = text.indexOf('\r\n\r\n')
  if (headEnd === -1) return undefined
  const length = /\r\ncontent-length: *(\d+)/i.exec(text.slice(0, headEnd + 2))
  const isComplete = length
    ? text.length >= headEnd + 4 + Number(length[1])
    : text.endsWith('\r\n0\r\n\r\n') || text.startsWith('HTTP/1.1 204')
  return isComplete ? Number(text.slice(9, 12)) : undefined
}
