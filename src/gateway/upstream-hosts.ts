/** The names that the sidecar gives to these hosts; it accepts OpenTelemetry's `gcp.gemini` and the like as well. */
const platformByHostSuffix: readonly (readonly [suffix: string, platform: string])[] = [
  ['api.openai.com', 'openai'],
  ['api.anthropic.com', 'anthropic'],
  ['generativelanguage.googleapis.com', 'gemini'],
  ['cloudcode-pa.googleapis.com', 'antigravity'],
  ['aiplatform.googleapis.com', 'vertex'],
  ['openai.azure.com', 'azure_openai'],
  ['openrouter.ai', 'openrouter'],
  ['api.deepseek.com', 'deepseek'],
  ['api.x.ai', 'xai'],
]
const bedrockHost = /^bedrock-runtime[.-].*\.amazonaws\.com(?:\.cn)?$/

/** The platform that a public API host belongs to; undefined for hosts that are not a provider's. */
export function platformOfHost(hostname: string): string | undefined {
  for (const [suffix, platform] of platformByHostSuffix) {
    if (!hostname.endsWith(suffix)) continue
    const before = hostname[hostname.length - suffix.length - 1]
    if (before === undefined || before === '.' || before === '-') return platform
  }
  return bedrockHost.test(hostname) ? 'bedrock' : undefined
}

/** 429, 529 and every other 5xx (event contract, "What counts as an upstream error"). */
export function isUpstreamErrorStatus(statusCode: number): boolean {
  return statusCode === 429 || statusCode >= 500
}
