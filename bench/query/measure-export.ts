import { setTimeout as sleep } from 'node:timers/promises'

const formats = ['ndjson', 'csv', 'parquet'] as const
const mib = 2 ** 20

/** Q9: exports of all columns without bodies; rows and bytes a second, and how the process grows meanwhile. */
export async function measureExports(
  url: string,
  rows: number,
  print: (text: string) => void,
): Promise<void> {
  print('\n| export | rows | s | rows/s | MB | RSS before → most MB |\n|---|--:|--:|--:|--:|--:|\n')
  for (const format of formats) {
    const before = process.memoryUsage.rss()
    let most = before
    const watch = new AbortController()
    const watching = (async () => {
      while (!watch.signal.aborted) {
        most = Math.max(most, process.memoryUsage.rss())
        await sleep(50)
      }
    })()
    const startedAt = performance.now()
    const answer = await fetch(`${url}/upstream-errors/export?format=${format}&from=now-40d&limit=${rows}`)
    if (answer.status !== 200 || answer.body === null) throw new Error(`${format}: ${await answer.text()}`)
    let bytes = 0
    for await (const chunk of answer.body) bytes += chunk.length
    const seconds = (performance.now() - startedAt) / 1000
    watch.abort()
    await watching
    print(
      `| ${format} | ${rows} | ${seconds.toFixed(1)} | ${Math.round(rows / seconds)} | ${Math.round(bytes / 1e6)} | ${Math.round(before / mib)} → ${Math.round(most / mib)} |\n`,
    )
  }
}
