import { allowAll, createGuard, withGuard } from '@guardstile/ai-sdk';
import { guardOptions } from '@guardstile/ai-sdk/v7';
import { type Around, aroundTools, type Situation } from './situation.ts';

/** A guard that allows everything. */
interface AllowingGuard {
  readonly name: string;
  /** @default all */
  readonly versions?: Situation['versions'];
  /** Whether its decision takes time. */
  readonly waits: boolean;
  /** Whether it says why the SDK asks or denies, where the SDK has no words for it. */
  readonly reasons?: boolean;
  readonly around: Around;
}

/** The ways in which applications make them. */
export const guards: readonly AllowingGuard[] = [
  {
    name: 'allowAll()',
    waits: false,
    around: aroundTools((tools) => withGuard(tools, allowAll())),
  },
  {
    name: 'a policy function',
    waits: false,
    around: aroundTools((tools) => withGuard(tools, () => 'allow')),
  },
  {
    name: 'an asynchronous policy function',
    waits: true,
    around: aroundTools((tools) => withGuard(tools, async () => 'allow' as const)),
  },
  {
    name: 'a guard for the request around another guard',
    waits: false,
    around: aroundTools((tools) => {
      const guard = createGuard({ policy: allowAll() });
      const context = { principal: { id: 'ada' }, session: 'chat' };
      return withGuard(
        withGuard(tools, () => 'allow'),
        guard.with(context),
      );
    }),
  },
  {
    name: 'guardOptions()',
    versions: ['ai 7'],
    waits: false,
    reasons: true,
    around: optionsAround,
  },
];

/** As its README has it: what the caller demands goes in, everything that comes out is passed on. */
export function optionsAround(setting: Parameters<Around>[0]): ReturnType<Around> {
  const { settings = {}, tools } = setting;
  const guard = createGuard({ policy: allowAll() });
  const { toolApproval } = settings as { toolApproval?: never }; // whatever a situation has there
  const guarded = guardOptions(tools, {
    guard,
    ...(toolApproval === undefined ? {} : { toolApproval }),
  });
  const { tools: guardedTools, ...more } = guarded;
  return { ...setting, tools: guardedTools, settings: { ...settings, ...more } };
}
