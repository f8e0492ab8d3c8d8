import type { Scenario } from './scenario.ts'
import { randomKill } from './scenarios/01-random-kill.ts'
import { killAtSyscall } from './scenarios/02-kill-at-syscall.ts'
import { engineKillWindow } from './scenarios/03-engine-kill-window.ts'
import { powerLoss } from './scenarios/04-power-loss.ts'
import { pause } from './scenarios/05-pause.ts'
import { fullDisk } from './scenarios/06-full-disk.ts'
import { diskErrors } from './scenarios/07-disk-errors.ts'
import { slowDisk } from './scenarios/08-slow-disk.ts'
import { readOnly } from './scenarios/09-read-only.ts'
import { noDescriptors } from './scenarios/10-no-descriptors.ts'
import { tornTail } from './scenarios/11-torn-tail.ts'
import { bitFlips } from './scenarios/12-bit-flips.ts'
import { storeDown } from './scenarios/13-store-down.ts'
import { lostAnswers } from './scenarios/14-lost-answers.ts'
import { lateCommits } from './scenarios/15-late-commits.ts'
import { dedupWindow } from './scenarios/16-dedup-window.ts'
import { clockJump } from './scenarios/17-clock-jump.ts'
import { overload } from './scenarios/18-overload.ts'
import { slowClients } from './scenarios/19-slow-clients.ts'
import { hostile } from './scenarios/20-hostile-bodies.ts'
import { twoInstances } from './scenarios/21-two-instances.ts'
import { unknownFormat } from './scenarios/22-unknown-format.ts'

/** The rows that can be injected without special hardware, by their number in the fault matrix. */
export const scenarios: readonly Scenario[] = [
  randomKill,
  killAtSyscall,
  engineKillWindow,
  powerLoss,
  pause,
  fullDisk,
  diskErrors,
  slowDisk,
  readOnly,
  noDescriptors,
  tornTail,
  bitFlips,
  storeDown,
  lostAnswers,
  lateCommits,
  dedupWindow,
  clockJump,
  overload,
  slowClients,
  hostile,
  twoInstances,
  unknownFormat,
]
