/**
 * The environment of a process under test: settings of whoever runs the matrix do not reach it, but the credentials of
 * their ClickHouse server do.
 */
export function childEnv(settings: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !name.startsWith('OPS_') || /^OPS_CLICKHOUSE_(USER|PASSWORD)$/.test(name),
  )
  return { ...Object.fromEntries(inherited), ...settings }
}
