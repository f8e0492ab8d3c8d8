/** `npm run test:faults`: the fault matrix of docs/reliability.md against real sidecar processes. `--help` says more. */
import { cpus, release } from 'node:os'
import { Command, InvalidArgumentError } from 'commander'
import { endChildren } from './harness/children.ts'
import { type Row, runScenario } from './run-scenario.ts'
import { scenarios } from './scenarios.ts'
import { renderTable } from './table.ts'
import { writeDocs } from './write-docs.ts'

const wholeNumber = (text: string): number => {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('not a whole number')
  return Number(text)
}
const rowNumbers = (text: string): number[] => {
  const rows = text.split(',').map(wholeNumber)
  const known = scenarios.map((scenario) => scenario.row)
  const unknown = rows.filter((row) => !known.includes(row))
  if (unknown.length > 0) throw new InvalidArgumentError(`rows are ${known.join(', ')}`)
  return rows
}

const program = new Command('test:faults')
  .description(
    'Breaks sidecars in every way of the fault matrix and checks that nothing is lost or stored twice.',
  )
  .option('--long', 'hours instead of minutes: 500 kill cycles and more, longer pauses', false)
  .option('--only <rows>', 'rows of the matrix, such as 1,6', rowNumbers)
  .option(
    '--kills <number>',
    'kills of row 1 (15, with --long 500), and of row 2 for each syscall (1, with --long 80)',
    wholeNumber,
  )
  .option('--minutes <number>', 'time of overload in row 18: 0.25, with --long 30', Number)
  .option('--seed <number>', 'seed of everything that is random', wholeNumber, 1)
  .option('--keep', 'keep the directories of violated rows', false)
  .option('--write-docs', 'put the table into docs/reliability.md', false)
  .parse()
const options = program.opts<{
  long: boolean
  only?: number[]
  kills?: number
  minutes?: number
  seed: number
  keep: boolean
  writeDocs: boolean
}>()

if (options.only && options.writeDocs) program.error('--write-docs needs all rows, without --only')

const log = (text: string): void => void process.stderr.write(`${text}\n`)
const rows: Row[] = []
let stopping = false

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    log('ending')
    // The scenario under way fails, undoes its mounts and directories, and no other begins.
    stopping = true
    void endChildren()
  })
}
for (const scenario of scenarios) {
  if (stopping || (options.only && !options.only.includes(scenario.row))) continue
  log(`${scenario.row} ${scenario.fault}`)
  const row = await runScenario(scenario, { ...options, log })
  await endChildren()
  rows.push(row)
  const seconds = (row.elapsedMs / 1000).toFixed(1)
  log(
    `  ${row.verdict} in ${seconds} s, ${row.acknowledged} acked${row.remarks.map((text) => `\n  - ${text}`).join('')}`,
  )
}

const flags = [
  options.seed === 1 ? '' : ` --seed ${options.seed}`,
  options.long ? ' --long' : '',
  options.kills === undefined ? '' : ` --kills ${options.kills}`,
  options.minutes === undefined ? '' : ` --minutes ${options.minutes}`,
]
const table = renderTable(rows, flags.join(''))
process.stdout.write(table)
if (options.writeDocs && !stopping) {
  const machine = `Node ${process.version}, Linux ${release()}, ${cpus().length} × ${cpus()[0]?.model.trim() ?? 'CPU'}`
  const how = `npm run test:faults --${options.long ? ' --long' : ''} --seed ${options.seed} --write-docs`
  writeDocs(`\nPrinted by \`${how}\` on ${machine}.\n\n${table}\n`)
}
process.exitCode = stopping || rows.some((row) => row.verdict === 'violated') ? 1 : 0
