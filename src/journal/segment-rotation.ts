import { errorCode, isOutOfSpace } from './file-system.ts'
import type { JournalState } from './journal-state.ts'
import { deleteReleased } from './release.ts'
import type { ActiveSegment } from './segment.ts'
import { activateSpare, createSpare, discardSpare, type SpareSegment } from './spare-segment.ts'

const diskCheckIntervalMs = 1000
const firstRetryMs = 100
const longestRetryMs = 5000

export type RoomReason = 'full' | 'disk_reserve' | 'failed'
/** `cause` is the system's error code where there was one. */
export type Room =
  | { readonly status: 'ready'; readonly active: ActiveSegment }
  | { readonly status: 'refused'; readonly reason: RoomReason; readonly cause?: string }
type NoRoom = Extract<Room, { status: 'refused' }>

export interface SegmentRotation {
  /** A segment with room for so many more bytes: the active one or a new one. Never rejects. */
  roomFor(frameBytes: number): Promise<Room>
  /** Starts to prepare the next segment when the active one is half full. */
  prepareAhead(): void
  /** Bytes of the spare file, finished or not. */
  spareBytes(): number
  /** Deletes the spare. */
  close(): Promise<void>
}

export function createSegmentRotation(state: JournalState): SegmentRotation {
  let spare: Promise<SpareSegment> | undefined
  /** While the spare is awaited in order to be used: its failure is then reported there. */
  let opening = false
  let diskCheckedAtMs = Number.NEGATIVE_INFINITY
  let freeDiskBytes = 0
  let failure: { readonly refusal: NoRoom; readonly atMs: number; readonly retryMs: number } | undefined

  const spareBytes = () => (spare === undefined ? 0 : state.segmentBytes)
  const liveBytes = () => state.segments.reduce((sum, segment) => sum + segment.fileBytes, 0)
  const capAllowsOneMore = () => liveBytes() + state.segmentBytes <= state.maxBytes

  async function checkDisk(): Promise<NoRoom | undefined> {
    const elapsedMs = Math.abs(state.now() - diskCheckedAtMs)
    if (elapsedMs >= diskCheckIntervalMs || freeDiskBytes < state.minFreeDiskBytes) {
      try {
        freeDiskBytes = await state.fileSystem.freeBytes(state.directory)
      } catch (error) {
        return { status: 'refused', reason: 'failed', cause: errorCode(error) }
      }
      diskCheckedAtMs = state.now()
    }
    return freeDiskBytes < state.minFreeDiskBytes ? { status: 'refused', reason: 'disk_reserve' } : undefined
  }

  function mayRetry(): boolean {
    if (failure === undefined) return true
    const elapsedMs = state.now() - failure.atMs
    return elapsedMs < 0 || elapsedMs >= failure.retryMs
  }

  function recordFailure(error: unknown): NoRoom {
    const cause = errorCode(error)
    const refusal: NoRoom = {
      status: 'refused',
      reason: isOutOfSpace(cause) ? 'disk_reserve' : 'failed',
      cause,
    }
    const retryMs = failure === undefined ? firstRetryMs : Math.min(failure.retryMs * 2, longestRetryMs)
    failure = { refusal, atMs: state.now(), retryMs }
    state.alarm({ code: 'segment_unavailable', cause })
    return refusal
  }

  function spareFits(): boolean {
    return freeDiskBytes >= state.minFreeDiskBytes + state.segmentBytes
  }

  async function openNext(): Promise<Room> {
    if (failure !== undefined && !mayRetry()) return failure.refusal
    if (!capAllowsOneMore()) return { status: 'refused', reason: 'full' }
    if (spare === undefined && !spareFits()) {
      diskCheckedAtMs = Number.NEGATIVE_INFINITY
      return { status: 'refused', reason: 'disk_reserve' }
    }
    let ready: SpareSegment
    opening = true
    try {
      spare ??= createSpare(state)
      ready = await spare
    } catch (error) {
      return recordFailure(error)
    } finally {
      spare = undefined
      opening = false
    }
    // The old segment is left before the new one gets its name: should creation fail half way and the file survive
    // a crash, its header says where the old one ended, and that must stay true.
    await retireActive()
    try {
      const active = await activateSpare(state, ready)
      state.segments.push(active.segment)
      state.active = active
      failure = undefined
      await deleteReleased(state)
      return { status: 'ready', active }
    } catch (error) {
      return recordFailure(error)
    }
  }

  async function retireActive() {
    const previous = state.active
    state.active = undefined
    await previous?.file.close().catch(() => {})
  }

  return {
    spareBytes,
    async roomFor(frameBytes) {
      const refusal = await checkDisk()
      if (refusal !== undefined) return refusal
      const { active } = state
      if (active !== undefined && active.segment.endBytes + frameBytes <= active.segment.fileBytes) {
        return { status: 'ready', active }
      }
      return openNext()
    },
    prepareAhead() {
      const used = state.active?.segment.endBytes ?? 0
      if (spare !== undefined || used * 2 < state.segmentBytes) return
      if (!capAllowsOneMore() || !spareFits() || !mayRetry()) return
      spare = createSpare(state)
      spare.catch((error: unknown) => {
        if (opening) return
        spare = undefined
        recordFailure(error)
      })
    },
    async close() {
      const last = await spare?.catch(() => undefined)
      spare = undefined
      if (last !== undefined) await discardSpare(state, last)
    },
  }
}
