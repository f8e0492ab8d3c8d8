import { writeFileSync } from 'node:fs'
import { grafanaFiles } from './files.ts'

for (const [path, content] of grafanaFiles()) writeFileSync(new URL(`../${path}`, import.meta.url), content)
