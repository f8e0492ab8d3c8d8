import type { JournalFile } from './file-system.ts'

/** The unit in which disks fail to give bytes back. */
const blockBytes = 4096

/** The file, with blocks that cannot be read as zeros, which no frame is made of. */
export function salvagingFile(file: JournalFile): JournalFile {
  return {
    ...file,
    async read(target, position) {
      try {
        return await file.read(target, position)
      } catch {
        // One block, which ends where the file system's does.
        const block = target.subarray(0, blockBytes - (position % blockBytes))
        return await file.read(block, position).catch(() => {
          block.fill(0)
          return block.length
        })
      }
    },
  }
}
