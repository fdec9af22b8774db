import { readFileSync, watch } from 'node:fs';
import { dirname, resolve } from 'node:path';

import {
  type AuditLog,
  GuardError,
  isGuardError,
  type Policy,
  type PolicyChange,
  type Ruling,
} from '@guardstile/core';

import { compileFile } from './compile-file.ts';
import { fileInvalid } from './file-issue.ts';
import type { FilePolicy, LoadOptions } from './load-policy.ts';
import { policyDiff, type PolicyDifference } from './policy-diff.ts';
import { isSigned } from './policy-signature.ts';
import { readSource } from './policy-source.ts';
import type { ReadPolicyFile } from './read-policy-file.ts';
import { fillReferences } from './references.ts';
import { runTests } from './run-tests.ts';
import { type Values, valuesOf } from './values.ts';

export interface PolicyFileOptions extends Omit<LoadOptions, 'examples'> {
  /** Reloads by itself when one of its files changes. @default false: call `reload()` */
  readonly watch?: boolean;
  /**
   * What a reload that widens needs: a detached signature (`FILE.sig`, made with `signPolicy`) that
   * this public key verifies, or nothing. @default such a reload is refused
   */
  readonly widening?: { readonly publicKey: string } | 'allowed';
  /** Where a reload is written before it takes effect. Without one the guard's own entry follows it. */
  readonly audit?: AuditLog;
  /** Told what became of every reload, those by itself included. */
  readonly onReload?: (reload: Reload) => void;
}

/** What became of a reload. */
export type Reload =
  | { readonly outcome: 'unchanged' }
  | {
      readonly outcome: 'changed';
      readonly differences: readonly PolicyDifference[];
      readonly widens: boolean;
    }
  | { readonly outcome: 'refused'; readonly error: GuardError };

/** A policy file in use. */
export interface PolicyFile extends FilePolicy {
  /** The files it was read from, which no tool should reach. */
  readonly files: readonly string[];
  /** Reads the files again. An invalid file, or one that may not widen, changes nothing. */
  reload(): Promise<Reload>;
  /** Stops watching. */
  close(): void;
}

interface Version {
  readonly file: ReadPolicyFile;
  readonly policy: FilePolicy;
  readonly meaning: Readonly<Record<string, unknown>>;
}

/**
 * The policy of a file, which can change while it is in use.
 *
 * @example
 * const policy = await policyFile('policies/support.yaml', { watch: true });
 * const guard = createGuard({ policy });
 *
 * @throws {GuardError} `policy_invalid` for a file that is invalid, or whose tests fail.
 */
export async function policyFile(
  path: string,
  options: PolicyFileOptions = {},
): Promise<PolicyFile> {
  let current = await versionOf(path, options);
  const listeners = new Set<(change: PolicyChange) => void>();
  let queue: Promise<unknown> = Promise.resolve();
  let unwatch = (): void => undefined;

  const swap = async (): Promise<Reload> => {
    const next = await versionOf(path, options);
    if (next.policy.layer !== current.policy.layer) {
      throw new GuardError(
        'policy_invalid',
        `${path}: what was made as a layer that ${current.policy.layer} stays one; restart to change that`,
      );
    }
    const differences = policyDiff(current.meaning, next.meaning);
    if (differences.length === 0 && sameTexts(current, next)) return { outcome: 'unchanged' };
    const widens = differences.some((one) => one.widens);
    if (widens) checkMayWiden(path, next, differences, options.widening);
    const change: PolicyChange = {
      policy: next.policy.name,
      change: changeText(path, differences),
      from: current.policy.digest({}),
      to: next.policy.digest({}),
    };
    await record(options.audit, change, widens);
    for (const listener of listeners) listener(change);
    current = next;
    if (options.watch === true) rewatch();
    return { outcome: 'changed', differences, widens };
  };

  const reload = (): Promise<Reload> => {
    const done = queue.then(async () => {
      let result: Reload;
      try {
        result = await swap();
      } catch (error) {
        result = { outcome: 'refused', error: refusal(path, error) };
      }
      tell(options.onReload, result);
      return result;
    });
    queue = done;
    return done;
  };

  // One change is several events; whatever comes before the files are read is seen then.
  let noticed = false;
  const notice = (): void => {
    if (noticed) return;
    noticed = true;
    void queue.then(() => {
      noticed = false;
      return reload();
    });
  };
  const rewatch = (): void => {
    unwatch();
    unwatch = watchFiles(current.file.files, notice);
  };
  if (options.watch === true) rewatch();

  return {
    name: current.policy.name,
    layer: current.policy.layer,
    get rules() {
      return current.policy.rules;
    },
    get opaque() {
      return current.policy.opaque;
    },
    get facts() {
      return current.policy.facts;
    },
    get files() {
      return current.file.files;
    },
    digest: (context) => current.policy.digest(context),
    resolve: (tool) => {
      // What a version says of the tool, asked once for as long as it is the current one.
      let known: { readonly policy: Policy; readonly ruling: Ruling } | undefined;
      return (call, context) => {
        const { policy } = current;
        if (known?.policy !== policy) known = { policy, ruling: policy.resolve(tool) };
        const { ruling } = known;
        return typeof ruling === 'function' ? ruling(call, context) : ruling;
      };
    },
    explain: (call) => current.policy.explain(call),
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    reload,
    close: () => unwatch(),
  };
}

/** Reads, compiles and tests. */
async function versionOf(path: string, options: PolicyFileOptions): Promise<Version> {
  const file = readSource(path);
  const env = options.env ?? process.env;
  const compiled = compileFile(file, { ...options, env, examples: false });
  if (!compiled.ok) throw fileInvalid(compiled.issues);
  const tried = compileFile(file, { env, examples: true });
  if (!tried.ok) throw fileInvalid(tried.issues);
  const failed = (await runTests(file, tried.policy)).filter(({ passed }) => !passed);
  if (failed.length > 0) throw fileInvalid(failed.map(({ at }) => at));
  return {
    file,
    policy: { ...compiled.policy, facts: file.document.facts ?? {} },
    meaning: meaningOf(file, env),
  };
}

/** The document with its references filled in; a set that the application gives stays a name. */
function meaningOf(file: ReadPolicyFile, env: NonNullable<LoadOptions['env']>): Version['meaning'] {
  const { sets = {}, ...document } = file.document;
  const values = valuesOf(file, { env, examples: true }, []).example;
  const filled = Object.entries(sets).map(([name, set]) => [
    name,
    'given' in set ? [{ given: name }] : set,
  ]);
  return fillReferences(
    document,
    { env: values.env, sets: Object.fromEntries(filled) as Values['sets'] }, // only compared
    () => undefined,
  ) as Version['meaning']; // a document again
}

function sameTexts(a: Version, b: Version): boolean {
  return (
    a.file.texts.length === b.file.texts.length &&
    a.file.texts.every(({ text }, i) => text === b.file.texts[i]?.text)
  );
}

/** A reload that widens is somebody's decision, not whoever's can write the file. */
function checkMayWiden(
  path: string,
  { file }: Version,
  differences: readonly PolicyDifference[],
  widening: PolicyFileOptions['widening'],
): void {
  if (widening === 'allowed') return;
  if (widening !== undefined && isSigned(file.texts, signatureOf(path), widening.publicKey)) return;
  const what = differences.flatMap(({ text, widens }) => (widens ? [text] : [])).join('; ');
  const how =
    widening === undefined
      ? "pass widening: { publicKey } and sign the file, or widening: 'allowed'"
      : `sign it and put the signature into ${path}.sig`;
  throw new GuardError(
    'policy_invalid',
    `${path}: the change may widen what is allowed (${what}), so the old policy stays; ${how}`,
  );
}

function signatureOf(path: string): string | undefined {
  try {
    return readFileSync(`${path}.sig`, 'utf8');
  } catch {
    return undefined;
  }
}

function changeText(path: string, differences: readonly PolicyDifference[]): string {
  const lines = differences.map(({ text, widens }) => (widens ? `${text} (may widen)` : text));
  return `${path} reloaded: ${lines.length === 0 ? 'nothing that decides' : lines.join('; ')}`;
}

async function record(
  audit: AuditLog | undefined,
  { policy, change, from, to }: PolicyChange,
  widens: boolean,
): Promise<void> {
  await audit?.append({
    kind: 'policy',
    action: 'policy.reloaded',
    actor: 'policy-file',
    reason: change,
    payload: { policy, from: from ?? null, to: to ?? null, widens },
  });
}

function refusal(path: string, error: unknown): GuardError {
  if (isGuardError(error)) return error;
  const why = error instanceof Error ? error.message : String(error);
  return new GuardError(
    'policy_error',
    `${path}: it was not reloaded: ${why}; the old policy stays`,
    {
      cause: error,
    },
  );
}

function tell(listener: PolicyFileOptions['onReload'], reload: Reload): void {
  try {
    listener?.(reload);
  } catch {
    // Who listens decides nothing.
  }
}

/** Watches the directories, since editors put a new file in the place of the old one. */
function watchFiles(files: readonly string[], changed: () => void): () => void {
  const directories = new Set(files.map((file) => dirname(resolve(file))));
  const watchers = [...directories].map((directory) =>
    watch(directory, { persistent: false }, changed).on('error', () => undefined),
  );
  return () => {
    for (const watcher of watchers) watcher.close();
  };
}
