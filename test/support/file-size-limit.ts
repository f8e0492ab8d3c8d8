import { execFileSync } from 'node:child_process'

/** The kernel fails every write of this process beyond so many bytes of a file: as a full disk, with EFBIG for ENOSPC. */
export async function withFileSizeLimit<Result>(bytes: number, work: () => Promise<Result>): Promise<Result> {
  const limit = (size: string) => execFileSync('prlimit', ['--pid', String(process.pid), `--fsize=${size}:`])
  limit(String(bytes))
  try {
    return await work()
  } finally {
    limit('unlimited')
  }
}
