const pixelsPerPoint = 4

/** A line of counts without axes: its shape is beside a number that says how much. */
export function Sparkline({
  values,
  width = 96,
  height = 24,
}: {
  values: readonly number[]
  width?: number
  height?: number
}) {
  const sums = summed(values, Math.floor(width / pixelsPerPoint))
  const max = Math.max(1, ...sums)
  const step = width / Math.max(1, sums.length - 1)
  const points = sums.map((value, index) => {
    const y = height - 1.5 - (value / max) * (height - 3)
    return `${(index * step).toFixed(1)},${y.toFixed(1)}`
  })
  if (points.length < 2) return <svg class="sparkline" width={width} height={height} aria-hidden="true" />
  return (
    <svg
      class="sparkline"
      width={width}
      height={height}
      viewBox={`0 0 ${width} ${height}`}
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      <path class="sparkline-area" d={`M0,${height} L${points.join(' L')} L${width},${height} Z`} />
      <path class="sparkline-line" d={`M${points.join(' L')}`} />
    </svg>
  )
}

/** Neighbours added up until there are no more than so many: a course, not a seismogram. */
function summed(values: readonly number[], most: number): readonly number[] {
  const each = Math.ceil(values.length / most)
  if (each <= 1) return values
  return Array.from({ length: Math.ceil(values.length / each) }, (_, index) =>
    values.slice(index * each, (index + 1) * each).reduce((sum, value) => sum + value, 0),
  )
}
