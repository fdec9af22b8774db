import { guardOf, standardPolicy, withGuard } from '@guardstile/langchain';
import { tool } from '@langchain/core/tools';
import * as z from 'zod';

const schema = z.object({ a: z.number(), b: z.number() });
const add = tool(({ a, b }) => String(a + b), { name: 'add', description: 'Adds.', schema });
const rm = tool(() => 'ran', { name: 'rm', description: 'Removes.', schema: z.object({}) });

const tools = withGuard({ add, rm }, standardPolicy({ deny: ['rm'] }), {
  facts: { add: 'readOnly' },
});
const sum: unknown = await tools.add.invoke({ a: 1, b: 2 });
if (sum !== '3') throw new Error(`an allowed tool answered ${String(sum)}`);
const refused = await tools.rm.invoke({ type: 'tool_call', name: 'rm', args: {}, id: '1' });
if (refused.status !== 'error') throw new Error('a denied tool ran');
await guardOf(tools).close();

/** Never called: what the compiler has to refuse. */
export function wrongUses(): void {
  // @ts-expect-error no policy
  withGuard({ add });
  // @ts-expect-error a tool that was not given
  void tools.missing;
}

console.log('langchain ok');
