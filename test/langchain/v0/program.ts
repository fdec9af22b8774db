/** Runs on the 0.3 line of LangChain, in a project of its own; prints what it saw as JSON. */
import { createRequire } from 'node:module';
import {
  createGuard,
  GuardCallbackHandler,
  guardOf,
  type HandlerEvent,
  isGuardError,
  withGuard,
} from '@guardstile/langchain';
import { ToolMessage } from '@langchain/core/messages';
import { tool } from '@langchain/core/tools';
import * as z from 'zod';
import { measureBypasses } from '../bypass-table.ts';
import { coreEntryPoints } from '../entry-points.ts';
import { coreKinds } from '../tool-kinds.ts';

const City = z.object({ city: z.string().transform((city) => city.toUpperCase()) });
const fields = { name: 'weather', description: 'Weather of a city', schema: City };
const bodies: unknown[] = [];
const plain = tool(async (args) => {
  bodies.push(args);
  return 'sunny';
}, fields);
const decided: unknown[] = [];
const tools = withGuard([plain], ({ args }, { session }) => {
  decided.push([args, session]);
  return (args as { readonly city: string }).city === 'BERN' ? 'allow' : 'deny';
});
const [weather] = tools;
const call = (city: string) =>
  ({ type: 'tool_call', id: city, name: 'weather', args: { city } }) as const;
const config = { configurable: { thread_id: 'chat-1' } };

const allowed: unknown = await weather.invoke(call('Bern'), config);
const denied: unknown = await weather.invoke(call('Basel'), config);
const thrown = await weather.invoke({ city: 'Basel' }).catch((error: unknown) => error);

const pair = tool(async () => ['text', { artifact: true }], {
  ...fields,
  responseFormat: 'content_and_artifact',
});
const [deniedPair] = withGuard([pair], () => 'deny');

const events: string[] = [];
const onEvent = ({ type }: HandlerEvent): number => events.push(type);
const guard = guardOf(tools);
const watching = { callbacks: [new GuardCallbackHandler(guard, { onEvent })] };
await plain.invoke({ city: 'Bern' }, watching);
await weather.invoke({ city: 'Bern' }, watching);
const failing = new GuardCallbackHandler(createGuard({ policy: () => 'allow' }), {
  onUnguarded: 'fail',
});
const stopped = await plain
  .invoke({ city: 'Chur' }, { callbacks: [failing] })
  .catch((error: unknown) => error);

const { version } = createRequire(import.meta.url)('@langchain/core/package.json') as {
  readonly version: string;
};
console.log(
  JSON.stringify({
    version,
    allowed: shown(allowed),
    denied: shown(denied),
    deniedPair: shown(await deniedPair.invoke(call('Bern'))),
    thrown: isGuardError(thrown) ? thrown.code : String(thrown),
    stopped: isGuardError(stopped) ? stopped.code : String(stopped),
    decided,
    bodies,
    events,
    cells: await measureBypasses(coreKinds, coreEntryPoints),
  }),
);

function shown(result: unknown): unknown {
  return result instanceof ToolMessage ? [result.status, result.tool_call_id] : result;
}
