import { allowAll, createGuard } from '@guardstile/core';
import { childSandbox, osSandbox } from '@guardstile/sandbox';

// Says what a tool reads at descriptors that this process was started with, and itself: as JSON.

const [, , kind, ...descriptors] = process.argv;
const tools = { readDescriptor: { module: new URL('./tools.ts', import.meta.url) } };
const sandbox = kind === 'os' ? osSandbox({ tools }) : childSandbox({ tools });
const guard = createGuard({ policy: allowAll(), sandbox });
const { readDescriptor } = await import('./tools.ts');

const read: unknown[] = [];
for (const descriptor of descriptors.map(Number)) {
  const args = { descriptor };
  const inside = await guard.call({ tool: 'readDescriptor', args }, readDescriptor).catch(() => '');
  read.push({ descriptor, here: readDescriptor(args), inside });
}
console.log(JSON.stringify(read));
await guard.close();
