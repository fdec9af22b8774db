import { testAdapter } from './adapter.ts';
import {
  agentWithCheckpointer,
  reactAgentWithCheckpointer,
} from './langchain/checkpointed-engines.ts';
import {
  agent,
  bareLoop,
  reactAgent,
  runnablesInAgent,
  runnablesInToolNode,
  toolNode,
} from './langchain/engines.ts';
import { langchainHarness } from './langchain/harness.ts';

testAdapter(langchainHarness(bareLoop));
testAdapter(langchainHarness(toolNode));
testAdapter(langchainHarness(reactAgent));
testAdapter(langchainHarness(agent));
testAdapter(langchainHarness(runnablesInToolNode));
testAdapter(langchainHarness(runnablesInAgent));
testAdapter(langchainHarness(agentWithCheckpointer));
testAdapter(langchainHarness(reactAgentWithCheckpointer));
