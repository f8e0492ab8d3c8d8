import pino from 'pino'
import { banner } from '../banner.ts'
import { collectGarbage } from '../collect-garbage.ts'
import { type Config, unknownVariables } from '../config.ts'
import { startSidecar } from '../sidecar.ts'

const exitFailure = 1

/** Runs the sidecar until SIGTERM or SIGINT. */
export async function run(
  config: Config,
  version: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<void> {
  const log = pino(
    { level: config.logLevel, base: { service: 'ops-sidecar' } },
    pino.destination({ fd: 2, sync: true }),
  )
  for (const name of unknownVariables(env))
    log.warn({ name }, 'this variable is no setting; --help lists them all')
  let stopping = false
  // A signal during the start ends the process at once: nothing was acknowledged yet.
  let stop: () => Promise<void> = async () => {}
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      // A second signal means now: what is acknowledged is in the journal.
      if (stopping) process.exit(exitFailure)
      stopping = true
      log.info({ signal }, 'stopping')
      stop().then(
        () => process.exit(0),
        (error: unknown) => {
          log.error({ err: error }, 'stopping failed')
          process.exit(exitFailure)
        },
      )
    })
  }
  const sidecar = await startSidecar(config, version, log)
  stop = sidecar.stop
  collectGarbage()
  process.stdout.write(banner(config, sidecar, version))
}
