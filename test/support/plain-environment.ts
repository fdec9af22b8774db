/** What a continuous-integration machine sets: no terminal, no colours, no keys, no answer given. */
export const plainEnvironment: Readonly<Record<string, string | undefined>> = {
  CI: 'true',
  NO_COLOR: '1',
  FORCE_COLOR: undefined,
  NODE_OPTIONS: undefined,
  GUARDSTILE_AUTO_APPROVE: undefined,
  OPENAI_API_KEY: undefined,
  ANTHROPIC_API_KEY: undefined,
  AI_GATEWAY_API_KEY: undefined,
  GOOGLE_GENERATIVE_AI_API_KEY: undefined,
};
