import type { Page } from 'playwright-core'
import { eventually } from '../../support/eventually.ts'

/** Waits until everything that the page asks for has come. */
export async function settled(page: Page): Promise<void> {
  await eventually(async () => {
    const waiting = await page.locator('.skeleton, [aria-busy="true"]').count()
    if (waiting > 0) throw new Error(`${waiting} parts of the page wait for an answer`)
  })
}
