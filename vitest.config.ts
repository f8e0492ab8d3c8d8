import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/console/support/build-console.ts'],
    // The embedded engine binds one data directory per process, so every file gets a process of its own.
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    env: { OPS_LOG_LEVEL: 'silent', NODE_ENV: 'test' },
  },
})
