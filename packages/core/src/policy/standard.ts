import { CONFIRM } from '../approvals/requirements.ts';
import { allow, ask, type Decision, deny } from '../decision.ts';
import { type Digest, digest } from '../digest.ts';
import { ownOptions } from '../own-options.ts';
import { invalid, toolSet } from './checks.ts';
import type { Policy, ToolInfo } from './policy.ts';

/**
 * What happens with a call that is on no list:
 * - `default`: what is not destructive runs, everything else is asked
 * - `acceptEdits`: file edits run too
 * - `bypassPermissions`: everything runs (for CI and inside a sandbox)
 * - `readOnly`: what is not stated read-only is denied
 * - `dontAsk`: as `default`, but what would be asked is denied
 */
export type Mode = 'default' | 'acceptEdits' | 'bypassPermissions' | 'readOnly' | 'dontAsk';

export interface StandardPolicyOptions {
  /** @default 'default' */
  readonly mode?: Mode;
  /** Only these tools may run, and still only as the mode says. `[]` permits nothing. */
  readonly allow?: Iterable<string> & object;
  /** These tools never run. Beats everything else. */
  readonly deny?: Iterable<string> & object;
}

const MODES: readonly Mode[] = [
  'default',
  'acceptEdits',
  'bypassPermissions',
  'readOnly',
  'dontAsk',
];

function create(options: StandardPolicyOptions = {}): Policy {
  const own = ownOptions('standardPolicy', options, ['mode', 'allow', 'deny'], 'policy_invalid');
  const { mode = 'default' } = own;
  if (!MODES.includes(mode)) {
    throw invalid('standardPolicy', `"${String(mode)}" is not a mode; use ${MODES.join(', ')}`);
  }
  const allowed = toolSet('standardPolicy', 'allow', own.allow);
  const denied = toolSet('standardPolicy', 'deny', own.deny);
  const id = digest('policy', {
    kind: 'standard',
    mode,
    allow: allowed === undefined ? null : [...allowed].sort(),
    deny: [...(denied ?? [])].sort(),
  });

  return {
    name: 'standardPolicy',
    layer: 'grants',
    digest: () => id,
    resolve(tool) {
      const { name } = tool.identity;
      if (denied?.has(name) === true) return deny(id, 'it is on the deny list');
      if (allowed?.has(name) === false) return deny(id, 'it is not on the allow list');
      return byMode(id, mode, tool);
    },
  };
}

function byMode(id: Digest, mode: Mode, { facts }: ToolInfo): Decision {
  const harmless = allowHarmless(id, facts);
  switch (mode) {
    case 'bypassPermissions':
      return allow(id, 'the mode bypasses permissions');
    case 'readOnly':
      return facts.effect === 'readOnly'
        ? allow(id, 'it only reads')
        : deny(id, `only tools that are stated read-only may run in this mode (${facts.why})`);
    case 'acceptEdits':
      if (harmless !== undefined) return harmless;
      if (facts.effect === 'edit') return allow(id, 'file edits are accepted in this mode');
      return ask(id, concern(facts), CONFIRM);
    case 'dontAsk':
      if (harmless !== undefined) return harmless;
      return deny(id, `${concern(facts)}, and this mode does not ask`);
    case 'default':
      return harmless ?? ask(id, concern(facts), CONFIRM);
  }
}

function allowHarmless(id: Digest, { effect }: ToolInfo['facts']): Decision | undefined {
  if (effect === 'readOnly') return allow(id, 'it only reads');
  return effect === 'nonDestructive' ? allow(id, 'it is not destructive') : undefined;
}

function concern(facts: ToolInfo['facts']): string {
  if (facts.effect === 'edit') return `it changes files (${facts.why})`;
  if (facts.money) return `it moves money (${facts.why})`;
  if (facts.effect === 'unknown') return `it may be destructive: ${facts.why}`;
  return `it is destructive (${facts.why})`;
}

/** Allow and deny lists over a mode, which knows tools by their facts. */
export const standardPolicy: {
  (options?: StandardPolicyOptions): Policy;
  /** The default mode without any list. */
  strict(): Policy;
} = Object.assign(create, { strict: (): Policy => create() });
