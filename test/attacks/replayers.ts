import { versions } from '../conformance/ai-sdk/versions.ts';
import { aiSdkEngine } from './ai-sdk-engine.ts';
import { langchainTools } from './langchain-engine.ts';
import { replayer, type Replayer } from './replayer.ts';

/** Through what the recorded runs are replayed: a column each, the first one in every detail. */
export const replayers: readonly Replayer[] = [
  ...versions.map((sdk) => replayer(aiSdkEngine(sdk))),
  replayer(langchainTools),
];
