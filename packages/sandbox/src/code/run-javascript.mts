import { readFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import release from '@jitl/quickjs-wasmfile-release-sync';
import {
  newQuickJSWASMModuleFromVariant,
  newVariant,
  type QuickJSContext,
  type QuickJSHandle,
  type QuickJSSyncVariant,
  type QuickJSWASMModule,
} from 'quickjs-emscripten-core';
import { type Collected, createOutput } from './collected-output.mts';
import type { CodeReport, CodeTask } from './code-result.mts';
import { isFileName } from './file-name.mts';
import { webAssembly } from './web-assembly.mts';

// Runs inside a child: QuickJS in WebAssembly, whose memory has an end, with nothing of the host but
// functions that print and keep texts.

const PAGE_BYTES = 65_536;
const INITIAL_PAGES = 256;
/** Jobs between two looks at the clock: endless awaiting gives the interrupt handler no turn. */
const JOBS_AT_ONCE = 1000;

/** Its types take it for a CommonJS module, which as an ESM one it is not. */
const variant = release as unknown as QuickJSSyncVariant;

/** Compiled while the child waits for its call. */
const compiled = new webAssembly.Module(
  readFileSync(fileURLToPath(import.meta.resolve('@jitl/quickjs-wasmfile-release-sync/wasm'))),
);

/** A QuickJS of its own whose memory really ends: `setMemoryLimit()` counts single allocations only. */
export function cappedQuickJs(memoryMb: number): Promise<QuickJSWASMModule> {
  const maximum = Math.max(INITIAL_PAGES, Math.floor((memoryMb * 1_048_576) / PAGE_BYTES));
  return newQuickJSWASMModuleFromVariant(
    newVariant(variant, {
      wasmModule: compiled,
      wasmMemory: new webAssembly.Memory({ initial: INITIAL_PAGES, maximum }),
    }),
  );
}

/** What the code finds: `console`, `readFile`, `writeFile` and `listFiles`. Gives what turns a value into JSON. */
const PRELUDE = `((print, files, keep) => {
  const { stringify } = JSON;
  const show = (value) => {
    if (typeof value === 'string') return value;
    if (value instanceof Error) return value.name + ': ' + value.message;
    try { return stringify(value) ?? String(value); } catch { return String(value); }
  };
  const printer = (stream) => (...values) => print(stream, stringify(values.map(show).join(' ')));
  const console = {};
  for (const name of ['log', 'info', 'debug']) console[name] = printer('stdout');
  for (const name of ['error', 'warn', 'trace']) console[name] = printer('stderr');
  globalThis.console = console;
  const all = new Map(Object.entries(JSON.parse(files)));
  globalThis.listFiles = () => [...all.keys()];
  globalThis.readFile = (name) => {
    if (!all.has(String(name))) throw new Error('there is no file ' + name);
    return all.get(String(name));
  };
  globalThis.writeFile = (name, text) => {
    keep(stringify(String(name)), stringify(String(text)));
    all.set(String(name), String(text));
  };
  return (value) => stringify(value);
})`;

/** Runs JavaScript; its value is that of its last expression, awaited. */
export async function runJavaScript(task: CodeTask): Promise<CodeReport> {
  const quickjs = await cappedQuickJs(task.memoryMb);
  const deadline = performance.now() + task.timeoutMs;
  const late = (): boolean => performance.now() > deadline;
  const output = createOutput(task.maxOutputBytes);
  try {
    const context = quickjs.newContext();
    context.runtime.setMaxStackSize(512 * 1024);
    context.runtime.setInterruptHandler(() => late() || output.full());
    const ended = evaluate(context, offer(context, output, task.files), task.code, late);
    if ('result' in ended) {
      const { result } = ended;
      output.count(result?.length ?? 0);
      if (!output.full()) {
        const value: unknown = result === undefined ? undefined : JSON.parse(result);
        return { outcome: 'value', result: value, ...output.all() };
      }
    }
    return stoppedBy(late, output, 'error' in ended ? ended.error : undefined);
  } catch (error) {
    return stoppedBy(late, output, abandoned(error));
  }
}

/** WebAssembly itself gave up: its stack overflowed, or its memory is used up. */
function abandoned(error: unknown): Failure {
  return /call stack/.test(String(error))
    ? { name: 'InternalError', message: 'stack overflow' }
    : { name: 'RuntimeError', message: 'out of memory' };
}

interface Failure {
  readonly name: string;
  readonly message: string;
}

function stoppedBy(late: () => boolean, output: Collected, error: Failure | undefined): CodeReport {
  const all = output.all();
  if (output.full()) {
    return { outcome: 'output', reason: 'it printed, returned or wrote too much', ...all };
  }
  if (late()) return { outcome: 'timeout', reason: 'its time was over', ...all };
  if (error === undefined) {
    return {
      outcome: 'error',
      error: { name: 'Error', message: 'its promise never settles' },
      ...all,
    };
  }
  if (error.message === 'out of memory') {
    return { outcome: 'memory', reason: 'it ran out of memory', ...all };
  }
  return { outcome: 'error', error, ...all };
}

/** Gives the code what it may use of the host. */
function offer(
  context: QuickJSContext,
  output: Collected,
  files: Readonly<Record<string, string>>,
): QuickJSHandle {
  const print = context.newFunction('print', (stream, text) => {
    output.print(
      context.getString(stream) === 'stderr' ? 'stderr' : 'stdout',
      `${textOf(context, text)}\n`,
    );
  });
  const keep = context.newFunction('keep', (file, text) => {
    const name = textOf(context, file);
    if (!isFileName(name)) {
      throw new Error(
        `${JSON.stringify(name)} is no file; name it by a relative path without ".."`,
      );
    }
    output.keep(name, textOf(context, text));
  });
  const prelude = context.unwrapResult(context.evalCode(PRELUDE, 'prelude.js'));
  const given = context.newString(JSON.stringify(files));
  return context.unwrapResult(context.callFunction(prelude, context.undefined, print, given, keep));
}

/** Through JSON: a text as such would end at its first NUL. */
function textOf(context: QuickJSContext, json: QuickJSHandle): string {
  return String(JSON.parse(context.getString(json)));
}

type Ended =
  | { readonly result: string | undefined }
  | { readonly error: Failure }
  | { readonly pending: true };

function evaluate(
  context: QuickJSContext,
  toJson: QuickJSHandle,
  code: string,
  late: () => boolean,
): Ended {
  const evaluated = context.evalCode(code, 'code.js', { type: 'global' });
  if (evaluated.error !== undefined) return { error: failureOf(context, evaluated.error) };
  while (context.runtime.hasPendingJob()) {
    const jobs = context.runtime.executePendingJobs(JOBS_AT_ONCE);
    if (jobs.error !== undefined) return { error: failureOf(context, jobs.error) };
    if (late()) return { pending: true };
  }
  const state = context.getPromiseState(evaluated.value);
  if (state.type === 'pending') return { pending: true };
  if (state.type === 'rejected') return { error: failureOf(context, state.error) };
  const json = context.callFunction(toJson, context.undefined, state.value);
  if (json.error !== undefined) return { error: failureOf(context, json.error) };
  return {
    result: context.typeof(json.value) === 'string' ? context.getString(json.value) : undefined,
  };
}

function failureOf(context: QuickJSContext, handle: QuickJSHandle): Failure {
  const read = (name: string): unknown => context.dump(context.getProp(handle, name));
  if (context.typeof(handle) !== 'object') {
    return { name: 'Error', message: `it threw ${String(context.dump(handle))}` };
  }
  const [name, message] = [read('name'), read('message')];
  return {
    name: typeof name === 'string' ? name : 'Error',
    message: typeof message === 'string' ? message : 'it threw something else than an error',
  };
}
