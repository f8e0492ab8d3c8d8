import { describe, expect, it } from 'vitest'
import { canonicalPlatform } from '../../../src/normalization/providers/canonical-platform.ts'

describe('canonicalPlatform', () => {
  it.each([
    ['openai', 'openai'],
    ['OpenAI', 'openai'],
    ['gcp.gemini', 'gemini'],
    ['gcp.gen_ai', 'gemini'],
    ['gcp.vertex_ai', 'vertex'],
    ['vertex_ai', 'vertex'],
    ['azure.ai.openai', 'azure_openai'],
    ['az.ai.openai', 'azure_openai'],
    ['azure-openai', 'azure_openai'],
    ['aws.bedrock', 'bedrock'],
    ['x_ai', 'xai'],
    ['xai', 'xai'],
    ['deepseek', 'deepseek'],
    ['Mistral_AI', 'mistral_ai'],
    ['', ''],
    ['__proto__', '__proto__'],
    ['constructor', 'constructor'],
  ])('calls %s %s', (platform, expected) => {
    expect(canonicalPlatform(platform)).toBe(expected)
  })
})
