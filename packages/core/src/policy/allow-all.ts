import { allow } from '../decision.ts';
import { digest } from '../digest.ts';
import type { Policy } from './policy.ts';

/** Allows every call. The only way to be permissive, so that it is visible in the code. */
export function allowAll(): Policy {
  const id = digest('policy', 'allowAll');
  const verdict = allow(id, 'everything is allowed');
  return { name: 'allowAll', layer: 'grants', digest: () => id, resolve: () => verdict };
}
