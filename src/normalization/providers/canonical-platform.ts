/**
 * Platforms whose errors are read by a parser of their own, under the names that this project uses, each with the
 * values of OpenTelemetry's `gen_ai.provider.name`, of the older `gen_ai.system`, and of LiteLLM and OpenInference.
 * Source: OpenTelemetry semantic conventions, gen-ai registry.
 */
const aliases: Readonly<Record<string, readonly string[]>> = {
  openai: ['open_ai', 'chatgpt', 'codex'],
  anthropic: ['claude'],
  gemini: [
    'gcp.gemini',
    'gcp.gen_ai',
    'google',
    'google_ai_studio',
    'google_genai',
    'google.gemini',
    'gen_ai',
  ],
  vertex: ['gcp.vertex_ai', 'vertex_ai', 'vertexai', 'vertex_ai_beta', 'google_vertex', 'google_vertexai'],
  antigravity: ['gcp.antigravity', 'google_antigravity', 'cloudcode', 'gemini_cli'],
  azure_openai: [
    'azure.ai.openai',
    'az.ai.openai',
    'azure.ai.inference',
    'az.ai.inference',
    'azure',
    'azure_ai',
  ],
  bedrock: ['aws.bedrock', 'aws_bedrock', 'amazon_bedrock', 'bedrock_converse', 'aws'],
  openrouter: ['open_router'],
  deepseek: ['deep_seek'],
  xai: ['x_ai', 'x.ai', 'grok'],
}

const platformByAlias: ReadonlyMap<string, string> = new Map(
  Object.entries(aliases).flatMap(([name, others]) =>
    [name, ...others].map((alias) => [alias, name] as const),
  ),
)

/**
 * One name for the spellings of one platform, for choosing a parser and for grouping: `gcp.gemini` → `gemini`,
 * `azure.ai.openai` → `azure_openai`, `x_ai` → `xai`. Others come back in lower case.
 */
export function canonicalPlatform(platform: string): string {
  const direct = platformByAlias.get(platform)
  if (direct !== undefined) return direct
  const name = platform.trim().toLowerCase()
  return platformByAlias.get(name) ?? platformByAlias.get(name.replace(/[- ]/g, '_')) ?? name
}
