import { sourceOffset, type View } from './decoded-view.ts'
import type { Source } from './rule.ts'

/** A text and the views of it that were decoded one from the other; offsets are those of the last. */
export interface ViewStack extends Source {
  readonly reset: (text: string) => void
  readonly push: (view: View) => void
  readonly depth: () => number
  readonly toSource: (offset: number) => number
}

export function createViewStack(): ViewStack {
  let source = ''
  let isJson: boolean | undefined
  const views: View[] = []

  function toSource(offset: number): number {
    let at = offset
    for (let level = views.length - 1; level >= 0; level--) {
      const view = views[level]
      if (view !== undefined) at = sourceOffset(view, at)
    }
    return at
  }

  return {
    reset(text) {
      source = text
      isJson = undefined
      if (views.length > 0) views.length = 0
    },
    push: (view) => views.push(view),
    depth: () => views.length,
    toSource,
    written: (offset) =>
      views.length === 0 ? source.charAt(offset) : source.slice(toSource(offset), toSource(offset + 1)),
    isFresh(offset) {
      const view = views.at(-1)
      return view === undefined || sourceOffset(view, offset + 1) - sourceOffset(view, offset) > 1
    },
    isJson() {
      isJson ??= parses(source)
      return isJson
    },
  }
}

function parses(text: string): boolean {
  if (!/^\s*[{["]/.test(text.slice(0, 64))) return false
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
