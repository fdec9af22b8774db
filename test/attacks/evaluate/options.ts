import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { workspaceRoot } from '../../support/workspace-root.ts';
import { dataDirectory } from '../data.ts';

/** What `npm run attacks` is told. */
export interface Options {
  readonly data: string;
  readonly policies: string;
  /** Suites to measure; all when empty. */
  readonly suites: readonly string[];
  /** Contenders to measure; all when empty. */
  readonly only: readonly string[];
  /** Of recorded runs only every so-manieth is taken; pairs are all taken. */
  readonly every: number;
  readonly json: string | undefined;
  /** Whether to print why calls were not allowed. */
  readonly why: boolean;
  /** Whether the figures become the published ones. */
  readonly publish: boolean;
  /** Whether data and policies are those that figures are published of. */
  readonly own: boolean;
}

export const USAGE = `npm run attacks [-- OPTIONS]
  --data DIR       suites (*.json) and runs (*.jsonl, *.jsonl.gz)      [../shared/data]
  --policies DIR   NAME-flow.yaml and NAME.yaml of each suite NAME    [examples/policies]
  --suite NAME     only this suite; may be said several times
  --only NAME      only this policy, such as flow or flow,rules
  --every N        of recorded runs only every N-th; of pairs all     [1]
  --json FILE      writes all figures and verdicts
  --why            says why calls were not allowed, most frequent first
  --publish        makes the figures the published ones
  --help           says this`;

/**
 * `undefined` where help is wanted.
 *
 * @throws {Error} for what is not understood.
 */
export function optionsOf(args: readonly string[]): Options | undefined {
  const text = { type: 'string' } as const;
  const list = { type: 'string', multiple: true } as const;
  const flag = { type: 'boolean', default: false } as const;
  const { values } = parseArgs({
    args: [...args],
    options: {
      data: text,
      policies: text,
      suite: list,
      only: list,
      every: text,
      json: text,
      why: flag,
      publish: flag,
      help: flag,
    },
  });
  if (values.help) return undefined;
  const every = Number(values.every ?? 1);
  if (!Number.isInteger(every) || every < 1)
    throw new Error('--every takes a whole number above 0');
  const options = {
    data: resolve(values.data ?? dataDirectory),
    policies: resolve(values.policies ?? ownPolicies),
    suites: values.suite ?? [],
    only: (values.only ?? []).flatMap((names) => names.split(',')),
    every,
    json: values.json,
    why: values.why,
    publish: values.publish,
  };
  const own = options.data === resolve(dataDirectory) && options.policies === ownPolicies;
  if (options.publish && !(own && every === 1 && options.suites.length === 0)) {
    throw new Error('--publish takes all runs of all suites of the data set');
  }
  return { ...options, own };
}

const ownPolicies = join(workspaceRoot, 'examples/policies');
