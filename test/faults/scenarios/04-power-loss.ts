import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { hasProgram, runOrThrow } from '../harness/children.ts'
import { mountExt4, mountImage, mountsMissing, unmount } from '../harness/mounts.ts'
import type { Scenario } from '../scenario.ts'

const diskBytes = 256 * 2 ** 20

/**
 * What the disk holds at a moment, without what is only in the page cache: the image under a mounted ext4 is copied
 * while the sidecar is stopped, and the sidecar goes on from the copy.
 */
export const powerLoss: Scenario = {
  row: 4,
  fault: 'power loss: only what was synced survives',
  store: 'embedded',
  async run({ long, random, directory, trial, cleanup, log }) {
    const missing = mountsMissing() ?? ((await hasProgram('mkfs.ext4')) ? undefined : 'mkfs.ext4 is missing')
    if (missing) return { status: 'not_run', reason: missing }
    const images = directory()
    const losses = long ? 30 : 3
    const audit = await trial(async (on) => {
      let image = join(images, '0.ext4')
      await mountExt4(image, on.dataDir, diskBytes, cleanup)
      on.client.start()
      for (let loss = 1; loss <= losses; loss++) {
        const sidecar = await on.start()
        await sleep(300 + random() * 1200)
        sidecar.kill('SIGSTOP')
        const survivor = join(images, `${loss}.ext4`)
        await runOrThrow(['cp', '--sparse=always', image, survivor])
        await on.kill()
        await unmount(on.dataDir)
        await rm(image)
        image = survivor
        await mountImage(image, on.dataDir, cleanup)
        log(`${loss} of ${losses}`)
      }
    })
    return { status: 'ran', runs: losses, audits: [audit] }
  },
}
