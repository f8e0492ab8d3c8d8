import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { hasProgram, run } from '../harness/children.ts'
import { readReadiness } from '../harness/metrics.ts'
import { mountExt4, mountImage, mountsMissing, unmount } from '../harness/mounts.ts'
import { expectRefusals } from '../harness/recovery.ts'
import type { Scenario } from '../scenario.ts'

const diskBytes = 256 * 2 ** 20

/** A file system that goes read-only under open files, as ext4 does after an error of its own. */
export const readOnly: Scenario = {
  row: 9,
  fault: 'file system goes read-only',
  async run({ directory, trial, cleanup }) {
    const missing = mountsMissing() ?? ((await hasProgram('mkfs.ext4')) ? undefined : 'mkfs.ext4 is missing')
    if (missing) return { status: 'not_run', reason: missing }
    const image = join(directory(), 'disk.ext4')
    let refused: string | undefined
    const audit = await trial(async (on) => {
      await mountExt4(image, on.dataDir, diskBytes, cleanup)
      const sidecar = await on.start()
      on.client.start()
      await sleep(1000)
      const remount = await run(['mount', '-o', 'remount,abort', on.dataDir])
      const probe = await run(['touch', join(on.dataDir, 'probe')])
      if (probe.code === 0) {
        refused = `the file system cannot be made read-only: ${remount.stderr.trim()}`
        return
      }
      await sleep(500)
      await expectRefusals(on, 'read-only', 2000)
      const ready = await readReadiness(sidecar.apiUrl)
      if (ready.status !== 503) on.violation('/readyz is 200 on a read-only disk')
      await on.kill()
      // A start on it ends with one line; `tryStart` holds it to that.
      const start = await on.tryStart()
      if (start.status === 'up') on.violation('starts on a read-only disk')
      await on.kill()
      await unmount(on.dataDir)
      await mountImage(image, on.dataDir, cleanup)
      await on.start()
    })
    if (refused !== undefined) return { status: 'not_run', reason: refused }
    return { status: 'ran', runs: 1, audits: [audit] }
  },
}
