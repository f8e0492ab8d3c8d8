import { useEffect, useState } from 'preact/hooks'

export type Theme = 'light' | 'dark'

const storageKey = 'ops-sidecar.theme'
const darkScheme = matchMedia('(prefers-color-scheme: dark)')
const listeners = new Set<(theme: Theme) => void>()

function chosenTheme(): Theme | undefined {
  const stored = localStorage.getItem(storageKey)
  return stored === 'light' || stored === 'dark' ? stored : undefined
}

/** What was chosen here, else what the system prefers. */
export const currentTheme = (): Theme => chosenTheme() ?? (darkScheme.matches ? 'dark' : 'light')

export function applyTheme(): void {
  document.documentElement.dataset.theme = currentTheme()
  for (const listener of listeners) listener(currentTheme())
}

darkScheme.addEventListener('change', applyTheme)

export function toggleTheme(): void {
  localStorage.setItem(storageKey, currentTheme() === 'dark' ? 'light' : 'dark')
  applyTheme()
}

export function useTheme(): Theme {
  const [theme, setTheme] = useState(currentTheme)
  useEffect(() => {
    listeners.add(setTheme)
    return () => {
      listeners.delete(setTheme)
    }
  }, [])
  return theme
}

/** The value of a custom property under the theme that is shown, for what is drawn on a canvas. */
export function themeColor(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim()
}
