import { testAdapter } from './adapter.ts';
import {
  agentGenerateEngine,
  agentStreamEngine,
  generateTextEngine,
  leastEngine,
  streamTextEngine,
} from './ai-sdk/engines.ts';
import { aiSdkHarness } from './ai-sdk/harness.ts';

testAdapter(aiSdkHarness(generateTextEngine));
testAdapter(aiSdkHarness(streamTextEngine));
testAdapter(aiSdkHarness(agentGenerateEngine));
testAdapter(aiSdkHarness(agentStreamEngine));
// What the suite asserts where a framework lacks something has to hold of one that does.
testAdapter(aiSdkHarness(leastEngine));
