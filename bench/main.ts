import { readdirSync, readFileSync } from 'node:fs'
import { Command } from 'commander'
import { describeMachine } from './machine.ts'

/** A bench is a file beside this one that exports `run`; the first line of its header comment says what it asks. */
interface Bench {
  readonly run?: (args: readonly string[]) => Promise<void>
}

const program = new Command('bench')
  .description('npm run bench -- NAME [options]')
  .argument('[name]', 'the bench to run')
  .argument('[options...]', 'options of the bench; NAME --help lists them')
  .helpOption(false)
  .allowUnknownOption()
  .passThroughOptions()

program.parse()
const [name, ...args] = program.args
const benches = new Map(findBenches())
if (name === undefined || !benches.has(name)) {
  const width = Math.max(...[...benches.keys()].map((bench) => bench.length))
  const lines = [...benches].map(([bench, question]) => `  ${bench.padEnd(width)}  ${question}`)
  process.stdout.write(`npm run bench -- NAME [options]\n\n${lines.join('\n')}\n`)
  process.exitCode = name === undefined || name === '--help' ? 0 : 2
} else {
  const { run } = (await import(`./${name}.ts`)) as Bench
  process.stdout.write(`${describeMachine()}\n\n`)
  await run?.(args)
}

function findBenches(): [name: string, question: string][] {
  return readdirSync(import.meta.dirname)
    .filter((file) => file.endsWith('.ts') && file !== 'main.ts')
    .map((file) => [file, readFileSync(`${import.meta.dirname}/${file}`, 'utf8')] as const)
    .filter(([, source]) => /^export async function run\b/m.test(source))
    .map(([file, source]) => [file.slice(0, -3), firstSentence(source)])
}

/** The first line of prose in the file's header, or of `run`'s own comment. */
function firstSentence(source: string): string {
  const header =
    /^\/\*\*\s*\*?\s*(.+)/.exec(source) ??
    /\/\*\*\s*\*?\s*(.+?)(?:\s*\*\/)?\nexport async function run/.exec(source)
  return (header?.[1] ?? '').replace(/\s*\*\/$/, '')
}
