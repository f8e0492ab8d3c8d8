import type { Row } from './run-scenario.ts'

/** The matrix as a Markdown table. */
export function renderTable(rows: readonly Row[], flags: string): string {
  const lines = [
    '| # | fault | runs | acked | stored | lost | doubled | verdict | command |',
    '|---|---|---|---|---|---|---|---|---|',
  ]
  for (const row of rows) {
    const command = `\`npm run test:faults -- --only ${row.row}${flags}\``
    const verdict =
      row.verdict === 'pass' ? 'pass' : `${row.verdict}: ${row.remarks.join('; ').replaceAll('|', '/')}`
    const counts =
      row.verdict === 'not run'
        ? ['', '', '', '', '']
        : [row.runs, row.acknowledged, row.stored, row.lost, row.doubled]
    lines.push(`| ${[row.row, row.fault, ...counts, verdict, command].join(' | ')} |`)
  }
  return `${lines.join('\n')}\n`
}
