import { type CommitBuffer, createCommitBuffers } from './commit-buffers.ts'
import { errorCode, isOutOfSpace } from './file-system.ts'
import { encodeFrame, frameHeaderBytes } from './frame.ts'
import type { JournalState } from './journal-state.ts'
import type { ActiveSegment } from './segment.ts'
import type { RoomReason, SegmentRotation } from './segment-rotation.ts'
import type { JournalRecord } from './tail-cache.ts'

/** Bounds the time that encoding one commit holds the event loop: 2 to 4 ms. */
const maxCommitBytes = 1024 * 1024

export type AppendResult =
  | { readonly status: 'durable'; readonly sequence: number }
  /** Nothing is promised about the record. `cause` is the system's error code where there was one. */
  | { readonly status: 'refused'; readonly reason: AppendRefusal; readonly cause?: string }
export type AppendRefusal = RoomReason | 'queue_full' | 'record_too_large' | 'closed'

export interface GroupCommit {
  /** The payload must not change until the promise resolves. */
  append(payload: Uint8Array): Promise<AppendResult>
  queuedBytes(): number
  /** Refuses further appends and resolves when those that wait are committed. */
  close(): Promise<void>
}

interface PendingAppend {
  readonly payload: Uint8Array
  readonly appendedAtMs: number
  readonly resolve: (result: AppendResult) => void
}

interface Limits {
  readonly maxRecordBytes: number
  readonly maxQueuedBytes: number
  /** Of memory for commits that is kept while there are fewer. */
  readonly maxSpareBytes: number
}

const refused = (reason: AppendRefusal): AppendResult => ({ status: 'refused', reason })

/**
 * One commit at a time: what is appended while it runs goes out together in the next, in one write and one fdatasync.
 * `onDurable` is called after each commit that succeeded.
 */
export function createGroupCommit(
  state: JournalState,
  rotation: SegmentRotation,
  limits: Limits,
  onDurable: () => void,
): GroupCommit {
  const takeBuffer = createCommitBuffers(limits.maxSpareBytes)
  let queue: PendingAppend[] = []
  let queuedBytes = 0
  let running: Promise<void> | undefined
  let closed = false

  async function run(): Promise<void> {
    // Appends of the same turn of the event loop share the first commit.
    await new Promise(setImmediate)
    for (let head = queue[0]; head !== undefined; head = queue[0]) {
      const room = await rotation.roomFor(frameHeaderBytes + head.payload.length)
      if (room.status === 'ready') {
        await commitNext(room.active)
        continue
      }
      state.refusal = { reason: room.reason, atMs: state.now() }
      settle(queue.length, () => room)
    }
  }

  async function commitNext(active: ActiveSegment): Promise<void> {
    const { segment } = active
    const group = takeGroup(queue, Math.min(maxCommitBytes, segment.fileBytes - segment.endBytes))
    const buffer = takeBuffer(bytesOf(group))
    const records = encodeGroup(buffer.bytes, group, segment.prefix, state.nextSequence)
    state.nextSequence += records.length
    const startedAtMs = performance.now()
    const cause = await writeDurably(active, buffer.bytes)
    state.counters.commitSeconds += (performance.now() - startedAtMs) / 1000
    if (cause !== undefined) {
      buffer.giveBack()
      await poison(state, active, cause)
      const reason = isOutOfSpace(cause) ? 'disk_reserve' : 'failed'
      state.refusal = { reason, atMs: state.now() }
      settle(group.length, () => ({ status: 'refused', reason, cause }))
      return
    }
    markDurable(state, active, records, buffer)
    onDurable()
    settle(group.length, (index) => ({ status: 'durable', sequence: records[index]?.sequence ?? 0 }))
    rotation.prepareAhead()
  }

  function settle(count: number, resultOf: (index: number) => AppendResult) {
    const settled = queue.slice(0, count)
    queue = queue.slice(count)
    settled.forEach((pending, index) => {
      queuedBytes -= pending.payload.length
      pending.resolve(resultOf(index))
    })
  }

  function start() {
    running = run()
      .catch((error: unknown) => {
        state.alarm({ code: 'internal', cause: String(error) })
        settle(queue.length, () => refused('failed'))
      })
      .finally(() => {
        running = undefined
        if (queue.length > 0) start()
      })
  }

  return {
    append(payload) {
      if (closed) return Promise.resolve(refused('closed'))
      if (payload.length > limits.maxRecordBytes) return Promise.resolve(refused('record_too_large'))
      if (queuedBytes + payload.length > limits.maxQueuedBytes) return Promise.resolve(refused('queue_full'))
      queuedBytes += payload.length
      return new Promise((resolve) => {
        queue.push({ payload, appendedAtMs: Math.max(0, Math.floor(state.now())), resolve })
        if (running === undefined) start()
      })
    },
    queuedBytes: () => queuedBytes,
    async close() {
      closed = true
      while (running !== undefined) await running
    },
  }
}

function takeGroup(queue: readonly PendingAppend[], roomBytes: number): readonly PendingAppend[] {
  let bytes = 0
  let count = 0
  for (const { payload } of queue) {
    bytes += frameHeaderBytes + payload.length
    // The first is taken even if it is larger than a commit should be: roomFor has seen that it fits the segment.
    if (bytes > roomBytes && count > 0) break
    count++
  }
  return queue.slice(0, count)
}

function bytesOf(group: readonly PendingAppend[]): number {
  return group.reduce((sum, { payload }) => sum + frameHeaderBytes + payload.length, 0)
}

/** Fills the buffer with the frames of the group. */
function encodeGroup(
  buffer: Buffer,
  group: readonly PendingAppend[],
  prefix: Buffer,
  firstSequence: number,
): readonly JournalRecord[] {
  const records: JournalRecord[] = []
  let offset = 0
  for (const { payload, appendedAtMs } of group) {
    const commitIndex = records.length
    const sequence = firstSequence + commitIndex
    const end = encodeFrame(buffer, offset, prefix, { sequence, appendedAtMs, commitIndex, payload })
    records.push({ sequence, appendedAtMs, payload: buffer.subarray(offset + frameHeaderBytes, end) })
    offset = end
  }
  return records
}

/** Resolves to undefined once the bytes are durable, else to the reason. Never tried twice on the same file. */
async function writeDurably({ file, segment }: ActiveSegment, bytes: Buffer): Promise<string | undefined> {
  try {
    const written = await file.write(bytes, segment.endBytes)
    if (written !== bytes.length) return 'SHORT_WRITE'
    await file.datasync()
    return undefined
  } catch (error) {
    return errorCode(error)
  }
}

async function poison(state: JournalState, { segment, file }: ActiveSegment, cause: string): Promise<void> {
  state.active = undefined
  state.counters.failedCommits++
  state.counters.poisonedSegments++
  state.alarm({ code: 'segment_poisoned', segment: segment.name, cause })
  await file.close().catch(() => {})
}

function markDurable(
  state: JournalState,
  { segment }: ActiveSegment,
  records: readonly JournalRecord[],
  { bytes, giveBack }: CommitBuffer,
): void {
  const first = records[0]
  const last = records[records.length - 1]
  if (first === undefined || last === undefined) return
  segment.index.add(first.sequence, segment.endBytes, first.appendedAtMs)
  segment.endBytes += bytes.length
  segment.lastSequence = last.sequence
  segment.acknowledgedSequence = last.sequence
  state.durableSequence = last.sequence
  state.acknowledgedSequence = last.sequence
  state.counters.commits++
  state.refusal = undefined
  state.cache.push({ records, bytes: bytes.length, giveBack })
}
