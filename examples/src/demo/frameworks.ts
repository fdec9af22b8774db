import type { DemoFramework } from './framework.ts';

/** Only the framework that is asked for is loaded. */
export const frameworks = {
  'ai-sdk': async (): Promise<DemoFramework> => (await import('./ai-sdk.ts')).aiSdk,
  langchain: async (): Promise<DemoFramework> => (await import('./langchain.ts')).langchain,
};

export type FrameworkName = keyof typeof frameworks;
