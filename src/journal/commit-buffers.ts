import { freeBytes } from '../event/free-bytes.ts'

/** Memory of one commit. */
export interface CommitBuffer {
  readonly bytes: Buffer
  /** Said once, when nobody has a view of it any more: other commits are written there. */
  giveBack(): void
}

/** Commits of a few records share one, those of an export whose spans all failed have one for themselves. */
const slabBytes = 1024 * 1024

interface Slab {
  readonly bytes: Buffer
  usedBytes: number
  /** Commits that are not given back. */
  inUse: number
}

/**
 * Memory for commits out of buffers that stay. Commits come and go in the order of the journal, some megabytes each second:
 * memory that is allocated for each counts as growth of the heap, after a little of which V8 marks the whole of it.
 * @param maxSpareBytes memory that is kept while nobody needs it.
 */
export function createCommitBuffers(maxSpareBytes: number): (bytes: number) => CommitBuffer {
  const spare: Slab[] = []
  let current = createSlab()

  function recycle(slab: Slab): void {
    slab.usedBytes = 0
    if (slab === current) return
    if ((spare.length + 1) * slabBytes <= maxSpareBytes) spare.push(slab)
    else freeBytes(slab.bytes)
  }

  return (bytes) => {
    if (bytes > slabBytes) {
      const own = Buffer.allocUnsafeSlow(bytes)
      return { bytes: own, giveBack: () => freeBytes(own) }
    }
    if (current.usedBytes + bytes > slabBytes) {
      const full = current
      current = spare.pop() ?? createSlab()
      if (full.inUse === 0) recycle(full)
    }
    const slab = current
    const from = slab.usedBytes
    slab.usedBytes += bytes
    slab.inUse++
    return {
      bytes: slab.bytes.subarray(from, from + bytes),
      giveBack() {
        if (--slab.inUse === 0) recycle(slab)
      },
    }
  }
}

function createSlab(): Slab {
  return { bytes: Buffer.allocUnsafeSlow(slabBytes), usedBytes: 0, inUse: 0 }
}
