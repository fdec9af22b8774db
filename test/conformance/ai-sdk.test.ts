import { testAdapter } from './adapter.ts';
import { enginesOf, leastEngine } from './ai-sdk/engines.ts';
import { aiSdkHarness } from './ai-sdk/harness.ts';
import { v7 } from './ai-sdk/v7.ts';
import { versions } from './ai-sdk/versions.ts';

for (const sdk of versions) {
  for (const engine of enginesOf(sdk)) testAdapter(aiSdkHarness(engine));
}
// What the suite asserts where a framework lacks something has to hold of one that does.
testAdapter(aiSdkHarness(leastEngine(v7)));
