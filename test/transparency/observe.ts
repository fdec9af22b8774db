import { getEventListeners } from 'node:events';
import type { ModelStep } from '../conformance/ai-sdk/sdk.ts';
import type { Face } from './face.ts';
import { settle } from './fields-of.ts';
import { normalise } from './normalise.ts';
import type { Around, Situation } from './situation.ts';
import { says } from './script.ts';
import type { Way } from './ways.ts';

/** Everything that can be seen of a run of the situation with something around its tools. */
export async function observe(
  { setUp }: Situation,
  sdk: Face,
  way: Way,
  around: Around,
): Promise<string> {
  const log: unknown[] = [];
  const controller = new AbortController();
  const given = setUp({
    sdk,
    // At once: what is logged may change later.
    log: (...what) => log.push(...normalise(what).split('\n')),
    controller,
  });
  const setting = around(given);
  const model = sdk.modelOf(inOrder(setting.steps));
  const seen = await settle(way.observe({ sdk, setting, model, signal: controller.signal }));
  const asked = [...model.doGenerateCalls, ...model.doStreamCalls];
  const listening = getEventListeners(controller.signal, 'abort').length;
  return normalise({ seen, asked, log, listening });
}

function inOrder(steps: ReadonlyArray<ModelStep | (() => ModelStep)>): () => ModelStep {
  let next = 0;
  return () => {
    const step = steps[next] ?? says('the end');
    next += 1;
    return typeof step === 'function' ? step() : step;
  };
}
