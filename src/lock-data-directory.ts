import { OpsError } from './errors.ts'
import { lockDirectory } from './journal/directory-lock.ts'

/** Takes the data directory for this process. @throws OpsError `data_dir_in_use`, naming who has it. */
export async function lockDataDirectory(directory: string): Promise<() => void> {
  const lock = await lockDirectory(directory)
  if (lock.status === 'locked') return () => lock.release()
  const owner = lock.owner ? ` by process ${lock.owner.pid}, started ${lock.owner.startedAt}` : ''
  throw new OpsError('data_dir_in_use', `${directory} is in use${owner}`)
}
