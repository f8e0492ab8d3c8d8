export interface SseMessage {
  readonly event: string
  readonly id: string | undefined
  readonly data: string
}

/**
 * Takes the text of an event stream in pieces of any size and passes on its messages.
 * Source: https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
 */
export function createMessageParser(onMessage: (message: SseMessage) => void): (text: string) => void {
  let rest = ''
  let event = ''
  let id: string | undefined
  let data: string[] = []
  const line = (text: string): void => {
    if (text === '') {
      if (data.length > 0) onMessage({ event: event || 'message', id, data: data.join('\n') })
      event = ''
      data = []
      return
    }
    const [, field, value = ''] = /^([^:]*)(?:: ?(.*))?$/s.exec(text) ?? []
    if (field === 'event') event = value
    else if (field === 'data') data.push(value)
    else if (field === 'id') id = value
  }
  return (text) => {
    const lines = `${rest}${text}`.split('\n')
    rest = lines.pop() ?? ''
    for (const item of lines) line(item.endsWith('\r') ? item.slice(0, -1) : item)
  }
}
