import { describe, expect, it } from 'vitest'
import { platformFromHost } from '../../../src/normalization/providers/platform-from-host.ts'

describe('platformFromHost', () => {
  it.each([
    ['api.openai.com', 'openai'],
    ['API.OpenAI.com:443', 'openai'],
    ['eu.api.openai.com', 'openai'],
    ['api.anthropic.com.', 'anthropic'],
    ['generativelanguage.googleapis.com', 'gemini'],
    ['us-central1-aiplatform.googleapis.com', 'vertex'],
    ['aiplatform.googleapis.com', 'vertex'],
    ['aiplatform.eu.rep.googleapis.com', 'vertex'],
    ['cloudcode-pa.googleapis.com', 'antigravity'],
    ['daily-cloudcode-pa.sandbox.googleapis.com', 'antigravity'],
    ['my-resource.openai.azure.com', 'azure_openai'],
    ['my-resource.cognitiveservices.azure.com', 'azure_openai'],
    ['bedrock-runtime.us-east-1.amazonaws.com', 'bedrock'],
    ['bedrock-runtime-fips.us-gov-west-1.amazonaws.com', 'bedrock'],
    ['vpce-0a1b.bedrock-runtime.us-east-1.vpce.amazonaws.com', 'bedrock'],
    ['openrouter.ai', 'openrouter'],
    ['api.deepseek.com', 'deepseek'],
    ['api.x.ai', 'xai'],
  ])('knows %s', (host, platform) => {
    expect(platformFromHost(host)).toBe(platform)
  })

  it.each([
    '',
    'localhost:8080',
    '127.0.0.1',
    '[::1]:443',
    'evilapi.openai.com.example.net',
    'notopenrouter.ai',
    'xapi.openai.com',
    's3.us-east-1.amazonaws.com',
    'bedrock-runtime.example.com',
    'storage.googleapis.com',
    'a.'.repeat(5000),
  ])('does not guess at %s', (host) => {
    expect(platformFromHost(host)).toBe('')
  })
})
