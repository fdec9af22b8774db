import { osSandbox } from '@guardstile/sandbox';
import { itWhere } from '../../faults/it-where.ts';

const os = osSandbox({ tools: {} });
const checked = await os.check();
await os.close?.();

/** `it` where the operating system can isolate; elsewhere the report says what was left out. */
export const itWithOs: ReturnType<typeof itWhere> = itWhere(
  checked.ok,
  `OS isolation (${checked.ok ? 'there' : checked.reason})`,
);
export const hasOs: boolean = checked.ok;
