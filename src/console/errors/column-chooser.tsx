import { usePopover } from '../shell/use-popover.ts'
import { navigate } from '../url-state/use-url-state.ts'
import { allColumns, type Column, usualColumns } from './columns.tsx'

/** Which columns the table shows. */
export function ColumnChooser({ columns }: { columns: readonly Column[] }) {
  const { box, open, setOpen } = usePopover()
  const shown = new Set(columns.map((column) => column.name))
  const toggle = (name: string): void => {
    const names = allColumns.map((column) => column.name)
    const chosen = names.filter((item) => (item === name ? !shown.has(item) : shown.has(item)))
    const usual = chosen.join() === usualColumns.join()
    navigate({ columns: usual ? undefined : chosen }, { replace: true })
  }
  return (
    <div class="column-chooser" ref={box}>
      <button type="button" class="button" aria-expanded={open} onClick={() => setOpen(!open)}>
        Columns
      </button>
      {open && (
        <div class="popover column-list" role="group" aria-label="Columns">
          {allColumns.map((column) => (
            <label key={column.name}>
              <input type="checkbox" checked={shown.has(column.name)} onChange={() => toggle(column.name)} />
              {column.title}
            </label>
          ))}
          <button
            type="button"
            class="button button-quiet"
            onClick={() => navigate({ columns: undefined }, { replace: true })}
          >
            Usual columns
          </button>
        </div>
      )}
    </div>
  )
}
