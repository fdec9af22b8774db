import { testAdapter } from './adapter.ts';
import {
  agentGenerateEngine,
  agentStreamEngine,
  generateTextEngine,
  streamTextEngine,
} from './ai-sdk/engines.ts';
import { aiSdkHarness } from './ai-sdk/harness.ts';

testAdapter(aiSdkHarness(generateTextEngine));
testAdapter(aiSdkHarness(streamTextEngine));
testAdapter(aiSdkHarness(agentGenerateEngine));
testAdapter(aiSdkHarness(agentStreamEngine));
