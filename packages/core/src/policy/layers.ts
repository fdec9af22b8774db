import type { CallContext, ToolCall } from '../call.ts';
import { type Decision, deny } from '../decision.ts';
import { type Digest, digest } from '../digest.ts';
import { ownOptions } from '../own-options.ts';
import { drive, isThenable, type Steps, wait } from '../steps.ts';
import { invalid } from './checks.ts';
import { combine, combineNeeds } from './combine.ts';
import { policyOf } from './policy-of.ts';
import type { Opinion, Policy, PolicyInput, Ruling } from './policy.ts';
import { rulingOf } from './ruling.ts';

/** One layer: it grants (default deny) or it restricts (default no opinion). */
export type Layer =
  | { readonly name: string; readonly grants: PolicyInput }
  | { readonly name: string; readonly restricts: PolicyInput };

interface NamedPolicy {
  readonly name: string;
  readonly policy: Policy;
}

/**
 * Several policies at once, such as those of an organisation, a tenant and an agent. The most
 * restrictive answer wins whatever their order; every granting layer has to allow.
 *
 * @throws {GuardError} `policy_invalid` without a granting layer.
 */
export function layers(list: readonly Layer[]): Policy {
  if (!Array.isArray(list)) throw invalid('layers', 'it takes a list of layers');
  const parts = Array.from(list, partOf);
  if (!parts.some(({ policy }) => policy.layer === 'grants')) {
    throw invalid('layers', 'at least one layer has to grant; add { name, grants: policy }');
  }
  return {
    name: `layers(${parts.map(({ name }) => name).join(', ')})`,
    layer: 'grants',
    digest: combinedDigest(parts),
    get needs() {
      return combineNeeds(parts.map(({ policy }) => policy.needs ?? {}));
    },
    resolve(tool) {
      const rulings = parts.map(({ name, policy }) => ({
        name,
        policy,
        ruling: rulingOf(policy, tool),
      }));
      const fixed = rulings.find(
        ({ ruling }) => typeof ruling === 'object' && ruling.effect === 'deny',
      );
      if (fixed !== undefined) return fixed.ruling;
      return (call, context) => drive(decideLayers(rulings, call, context));
    },
    onChange(listener) {
      const undos = parts.map(({ policy }) => policy.onChange?.(listener));
      return () => {
        for (const undo of undos) undo?.();
      };
    },
  };
}

function partOf(layer: Layer): NamedPolicy {
  const own = ownOptions(
    'layers',
    layer as Partial<Record<'name' | 'grants' | 'restricts', unknown>>, // whichever of them it has
    ['name', 'grants', 'restricts'],
    'policy_invalid',
  );
  const { name } = own;
  if (typeof name !== 'string') throw invalid('layers', 'every layer has to have a name');
  const grants = 'grants' in own;
  if (grants === 'restricts' in own) {
    throw invalid('layers', `layer "${name}" has to have one of grants and restricts`);
  }
  const policy = grants ? policyOf(own.grants, 'grants') : policyOf(own.restricts, 'restricts');
  if (grants && policy.layer !== 'grants') {
    throw invalid('layers', `layer "${name}" grants, but its policy only restricts`);
  }
  return { name, policy };
}

function* decideLayers(
  rulings: ReadonlyArray<NamedPolicy & { readonly ruling: Ruling }>,
  call: ToolCall,
  context: CallContext,
): Steps<Decision> {
  const opinions: Decision[] = [];
  for (const { name, policy, ruling } of rulings) {
    const answer = typeof ruling === 'function' ? ruling(call, context) : ruling;
    const opinion: Opinion = isThenable(answer) ? yield* wait(answer) : answer;
    if (opinion === undefined) {
      if (policy.layer === 'grants')
        return deny(policy.digest(context), `layer "${name}" does not allow it`);
    } else if (policy.layer === 'grants' || opinion.effect !== 'allow' || demands(opinion)) {
      opinions.push(opinion);
    }
  }
  const [first] = opinions;
  return combine(first?.policy ?? digest('policy', 'none'), opinions);
}

/** An allow of a restricting layer is no opinion, but what it demands still holds. */
function demands(opinion: Decision): boolean {
  return (
    opinion.obligations.length > 0 ||
    opinion.limits.length > 0 ||
    Object.keys(opinion.conditions).length > 0
  );
}

/**
 * The digests of all parts as one, whatever their order; computed again only when a part's digest
 * is another one.
 */
function combinedDigest(parts: readonly NamedPolicy[]): (context: CallContext) => Digest {
  const known = new Map<string, Digest>();
  return (context) => {
    const digests = parts.map(({ policy }) => policy.digest(context));
    const key = digests.join();
    let result = known.get(key);
    if (result === undefined) {
      if (known.size >= 1000) known.clear();
      const all = parts.map(({ name, policy }, i) =>
        JSON.stringify([name, policy.layer, digests[i]]),
      );
      result = digest('policy', { kind: 'layers', parts: all.sort() });
      known.set(key, result);
    }
    return result;
  };
}
