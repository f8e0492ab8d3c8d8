const platformByDomain: ReadonlyMap<string, string> = new Map([
  ['api.openai.com', 'openai'],
  ['chatgpt.com', 'openai'],
  ['api.anthropic.com', 'anthropic'],
  ['generativelanguage.googleapis.com', 'gemini'],
  ['aiplatform.googleapis.com', 'vertex'],
  ['cloudcode-pa.googleapis.com', 'antigravity'],
  ['openai.azure.com', 'azure_openai'],
  ['openai.azure.us', 'azure_openai'],
  ['openai.azure.cn', 'azure_openai'],
  ['cognitiveservices.azure.com', 'azure_openai'],
  ['services.ai.azure.com', 'azure_openai'],
  ['openrouter.ai', 'openrouter'],
  ['api.deepseek.com', 'deepseek'],
  ['api.x.ai', 'xai'],
  ['api.groq.com', 'groq'],
  ['api.mistral.ai', 'mistral_ai'],
  ['api.cohere.com', 'cohere'],
  ['api.cohere.ai', 'cohere'],
  ['api.perplexity.ai', 'perplexity'],
])

/**
 * The platform that answers at a host, in this project's names, '' when unknown. Takes `host`, `host:port` and
 * subdomains, such as an Azure resource's, a region's of OpenAI or Vertex, or a VPC endpoint's of Bedrock.
 */
export function platformFromHost(host: string): string {
  const name = host
    .slice(0, 260)
    .toLowerCase()
    .replace(/:\d{1,5}$/, '')
    .replace(/\.$/, '')
  for (let at = 0; at !== -1; at = nextLabel(name, at)) {
    const platform = platformByDomain.get(name.slice(at))
    if (platform !== undefined) return platform
  }
  return platformFromRegionalHost(name)
}

/** Hosts with a region inside. */
function platformFromRegionalHost(name: string): string {
  if (/^[a-z0-9-]{1,40}-aiplatform\.googleapis\.com$/.test(name)) return 'vertex'
  if (/^aiplatform\.[a-z0-9-]{1,40}\.rep\.googleapis\.com$/.test(name)) return 'vertex'
  if (/^[a-z]{1,20}-cloudcode-pa(?:\.sandbox)?\.googleapis\.com$/.test(name)) return 'antigravity'
  if (/^(?:[a-z]{2}|[a-z]{2}-[a-z]{1,20})\.api\.openai\.com$/.test(name)) return 'openai'
  const isAws = /\.(?:amazonaws\.com|amazonaws\.com\.cn|api\.aws)$/.test(name)
  return isAws && /(?:^|\.)bedrock-(?:runtime|mantle)(?:-fips)?\./.test(name) ? 'bedrock' : ''
}

function nextLabel(name: string, at: number): number {
  const dot = name.indexOf('.', at)
  return dot === -1 ? -1 : dot + 1
}
