import 'uplot/dist/uPlot.min.css'
import { useEffect, useRef, useState } from 'preact/hooks'
import uPlot from 'uplot'
import { shortNumber, wholeNumber } from '../format/number.ts'
import { axisTime, fullTime } from '../format/time.ts'
import { themeColor, useTheme } from '../shell/theme.ts'
import type { Series } from './series.ts'

interface StackedChartProps {
  /** Start of each bucket, ms. */
  readonly starts: readonly number[]
  readonly bucketMs: number
  readonly series: readonly Series[]
  readonly height: number
  readonly onZoom: (fromMs: number, toMs: number) => void
}

interface Hover {
  readonly index: number
  readonly left: number
}

const tooltipWidth = 220

/** Stacked bars over time. Dragging over it chooses a range of whole buckets. */
export function StackedChart(props: StackedChartProps) {
  const { starts, bucketMs, series, height } = props
  const theme = useTheme()
  const box = useRef<HTMLDivElement>(null)
  const latest = useRef(props)
  latest.current = props
  const [hover, setHover] = useState<Hover>()

  useEffect(() => {
    const element = box.current
    if (!element) return
    const plot = new uPlot(
      optionsOf(props, element.clientWidth, setHover, (fromMs, toMs) => latest.current.onZoom(fromMs, toMs)),
      dataOf(props),
      element,
    )
    const observer = new ResizeObserver(() => {
      if (element.clientWidth !== plot.width) plot.setSize({ width: element.clientWidth, height })
    })
    observer.observe(element)
    return () => {
      observer.disconnect()
      plot.destroy()
    }
  }, [starts, series, theme, height])

  const width = box.current?.clientWidth ?? 0
  return (
    <div class="chart" ref={box}>
      {hover && starts[hover.index] !== undefined && (
        <Tooltip
          startMs={starts[hover.index] ?? 0}
          bucketMs={bucketMs}
          index={hover.index}
          series={series}
          left={hover.left > width - tooltipWidth - 24 ? hover.left - tooltipWidth - 12 : hover.left + 12}
        />
      )}
    </div>
  )
}

/** What each bar reaches up to: the first series on top of all others, drawn first, the others over it. */
function dataOf({ starts, series }: StackedChartProps): uPlot.AlignedData {
  const stacked = series.map((_, index) =>
    starts.map((_start, at) => series.slice(index).reduce((total, one) => total + (one.values[at] ?? 0), 0)),
  )
  return [starts.map((start) => start / 1000), ...stacked] as uPlot.AlignedData
}

function optionsOf(
  { starts, bucketMs, series, height }: StackedChartProps,
  width: number,
  onHover: (hover: Hover | undefined) => void,
  onZoom: (fromMs: number, toMs: number) => void,
): uPlot.Options {
  const first = (starts[0] ?? 0) / 1000
  const last = ((starts.at(-1) ?? 0) + bucketMs) / 1000
  const bars = uPlot.paths.bars?.({ size: [0.86, 60], align: 1 })
  const axis = {
    stroke: themeColor('--ink-3'),
    font: '11px system-ui, sans-serif',
    grid: { stroke: themeColor('--line'), width: 1 },
    ticks: { show: false },
  }
  return {
    width,
    height,
    padding: [8, 8, 0, 0],
    legend: { show: false },
    scales: {
      x: { time: true, range: [first, last] },
      y: { range: (_plot, _min, max) => [0, Math.max(4, max * 1.08)] },
    },
    axes: [
      {
        ...axis,
        grid: { show: false },
        size: 26,
        gap: 4,
        values: (_plot, seconds) => seconds.map((at) => axisTime(new Date(at * 1000), (last - first) * 1000)),
      },
      {
        ...axis,
        size: 44,
        values: (_plot, counts) => counts.map((count) => (Number.isInteger(count) ? shortNumber(count) : '')),
      },
    ],
    series: [
      {},
      ...series.map((one) => ({
        ...(bars ? { paths: bars } : {}),
        fill: themeColor(one.color),
        width: 0,
        points: { show: false },
      })),
    ],
    cursor: { y: false, points: { show: false }, drag: { x: true, y: false, setScale: false, dist: 6 } },
    hooks: {
      setCursor: [
        (plot) => {
          const { left = -1 } = plot.cursor
          if (left < 0) return onHover(undefined)
          const index = Math.floor((plot.posToVal(left, 'x') * 1000 - (starts[0] ?? 0)) / bucketMs)
          onHover({ index, left: left + plot.bbox.left / devicePixelRatio })
        },
      ],
      setSelect: [
        (plot) => {
          const { left, width: chosen } = plot.select
          if (chosen <= 0) return
          const at = (x: number): number => (plot.posToVal(x, 'x') * 1000 - (starts[0] ?? 0)) / bucketMs
          const base = starts[0] ?? 0
          const fromMs = base + Math.max(0, Math.floor(at(left))) * bucketMs
          const toMs = base + Math.min(starts.length, Math.ceil(at(left + chosen))) * bucketMs
          plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false)
          onZoom(fromMs, toMs)
        },
      ],
    },
  }
}

interface TooltipProps {
  startMs: number
  bucketMs: number
  index: number
  series: readonly Series[]
  left: number
}

function Tooltip({ startMs, bucketMs, index, series, left }: TooltipProps) {
  const there = series.filter((one) => (one.values[index] ?? 0) > 0)
  const total = there.reduce((sum, one) => sum + (one.values[index] ?? 0), 0)
  const end = fullTime(new Date(startMs + bucketMs)).slice(11, 19)
  return (
    <div class="tooltip" style={{ left: `${Math.max(0, left)}px`, width: `${tooltipWidth}px` }}>
      <div class="tooltip-time">
        {fullTime(new Date(startMs)).slice(5, 19)} – {end}
      </div>
      {there.map((one) => (
        <div key={one.key} class="tooltip-row">
          <span class="key" style={{ background: `var(${one.color})` }} />
          <span class="tooltip-label">{one.label}</span>
          <span class="number">{wholeNumber(one.values[index] ?? 0)}</span>
        </div>
      ))}
      <div class="tooltip-row tooltip-total">
        <span class="tooltip-label">Total</span>
        <span class="number">{wholeNumber(total)}</span>
      </div>
    </div>
  )
}
