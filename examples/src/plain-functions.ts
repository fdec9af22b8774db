// The guard without any framework, around plain functions.
import assert from 'node:assert/strict';
import { createGuard, isGuardError, toolPolicy } from '@guardstile/core';
import * as z from 'zod';

const guard = createGuard({
  policy: toolPolicy({ deny: ['dropTable'], optional: ['exportAll'] }),
  context: { principal: { id: 'ann' } },
});

const dropped: string[] = [];

// A wrapped function keeps its type, and a synchronous one stays synchronous.
const add = guard.wrap('add', (a: number, b: number) => a + b);
const sum: number = add(2, 3);
assert.equal(sum, 5);
console.log('add(2, 3) =', sum);

// A refusal throws an error whose `code` says what happened.
const dropTable = guard.wrap('dropTable', async (name: string) => {
  dropped.push(name);
});
await assert.rejects(dropTable('users'), (error) => {
  assert.ok(isGuardError(error));
  console.log(`dropTable: ${error.code}: ${error.message}`);
  return error.code === 'denied';
});
assert.deepEqual(dropped, []);

// Or it is a value, for callers that hand it to a model anyway.
const exportAll = guard.wrap('exportAll', async () => ['everything'], { onDeny: 'return' });
const refusal = await exportAll();
assert.ok('error' in refusal);
assert.equal(refusal.allowed, false);
console.log('exportAll:', refusal);

// A schema parses the argument once; what does not fit never runs.
const greet = guard.wrap('greet', async ({ name }: { name: string }) => `Hello ${name}`, {
  schema: z.object({ name: z.string().trim() }),
});
assert.equal(await greet({ name: ' Ann ' }), 'Hello Ann');
await assert.rejects(
  greet({ name: 7 } as never),
  (error) => isGuardError(error) && error.code === 'args_invalid',
);

// For code that runs the tool itself: the verdict, or an error unless it is an allow.
const verdict = await guard.decide({ tool: 'exportAll', args: {} });
assert.equal(verdict.effect, 'deny');
console.log(`decide:   ${verdict.effect}, because ${verdict.reason}`);
await guard.enforce({ tool: 'add', args: [2, 3] });
await assert.rejects(guard.enforce({ tool: 'dropTable', args: ['users'] }));

// `close` waits for what is still being written down.
await guard.close();
const outcomes = (await guard.audit?.query({ kind: 'outcome' })) ?? [];
assert.deepEqual(
  outcomes.map(({ tool, status }) => `${tool}: ${status}`),
  ['add: ok', 'greet: ok'],
);
