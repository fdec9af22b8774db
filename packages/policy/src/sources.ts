import {
  type Effect,
  type Mode,
  standardPolicy,
  type ToolCall,
  type ToolInfo,
} from '@guardstile/core';

import { aboutTool, type CapabilityGrant } from './capabilities/check.ts';
import type { Stance } from './stance.ts';
import { matchesPattern } from './tool-pattern.ts';

/** What speaks for or against a call beside rules. */
export interface Source {
  readonly name: 'allow' | 'deny' | 'optional' | 'default' | 'mode' | 'capabilities';
  readonly about: (call: ToolCall) => Stance;
  /** Whether it says the same of every call. */
  readonly fixed: boolean;
}

export interface Lists {
  readonly allow: readonly string[] | undefined;
  readonly deny: readonly string[];
  readonly optional: readonly string[];
}

function always(name: Source['name'], stance: Stance): readonly Source[] {
  return stance === undefined ? [] : [{ name, about: () => stance, fixed: true }];
}

const isOn = (list: readonly string[], name: string): boolean =>
  list.some((pattern) => matchesPattern(name, pattern));

export function listSources({ allow, deny, optional }: Lists, tool: ToolInfo): readonly Source[] {
  const { name } = tool.identity;
  const against = (list: Source['name'], reason: string): readonly Source[] =>
    always(list, { effect: 'deny', explicit: list === 'deny', reason });
  if (isOn(deny, name)) return against('deny', 'it is on the deny list');
  if (allow !== undefined && !isOn(allow, name)) {
    return against('allow', 'it is not on the allow list');
  }
  if (allow === undefined && isOn(optional, name)) {
    return against('optional', 'it is optional and was not opted into');
  }
  return [];
}

/** What happens where no rule allows; to deny is what happens anyway. */
export function defaultSource(effect: Effect): readonly Source[] {
  if (effect === 'deny') return [];
  return always('default', { effect, reason: `no rule is about it, and the default is ${effect}` });
}

/** A mode says what happens where rules do not; `readOnly` denies, whatever they say. */
export function modeSource(mode: Mode, tool: ToolInfo): readonly Source[] {
  const ruling = standardPolicy({ mode }).resolve(tool);
  if (typeof ruling !== 'object') return []; // a mode knows tools by their facts alone
  const { effect, reason } = ruling;
  if (effect !== 'deny') return always('mode', { effect, reason });
  return mode === 'readOnly' ? always('mode', { effect, explicit: false, reason }) : [];
}

export function capabilitySource(grant: CapabilityGrant, tool: ToolInfo): readonly Source[] {
  const about = aboutTool(grant, tool);
  if (typeof about !== 'function') return always('capabilities', about);
  return [{ name: 'capabilities', about, fixed: false }];
}
