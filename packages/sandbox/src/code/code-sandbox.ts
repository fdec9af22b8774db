import { fileURLToPath } from 'node:url';
import {
  GuardError,
  ownOptions,
  type Sandbox,
  type SandboxCheck,
  type ToolCall,
} from '@guardstile/core';
import type { Caller } from '../child/caller.ts';
import { childCaller } from '../child/child-caller.ts';
import { type CallLimits, type Limits, limitsOf, positive } from '../child/limits.ts';
import { CODES, type Outcome } from '../child/outcome.ts';
import { prove } from '../child/prove.ts';
import { OS_GUARANTEES, osCaller } from '../os/os-sandbox.ts';
import type { CodeTask } from './code-result.mts';
import { type CodeResult, resultOf } from './code-outcome.ts';
import { isFileName } from './file-name.mts';
import { type Interpreter, interpreterOf } from './interpreter.ts';
import { type Language, LANGUAGES } from './language.ts';
import { QUICKJS_GUARANTEES, proveQuickJs } from './prove-quickjs.ts';
import { type CodeRules, type CodeValidation, validateCode } from './validate-code.ts';

export interface CodeSandboxOptions extends CallLimits, CodeRules {
  readonly language: Language;
  /**
   * JavaScript runs in QuickJS, in a child process or under OS isolation; Python and shell run under
   * OS isolation only.
   *
   * @default 'child' for JavaScript, 'os' for the others
   */
  readonly isolation?: 'child' | 'os';
  /** Tools whose code it runs when it is the sandbox of a guard: their argument `code`, and `files` if there is one. @default none */
  readonly tools?: readonly string[];
  /** The program that runs Python or shell, as an absolute path. @default the system's */
  readonly interpreter?: string;
  /** Size of the code's own `/tmp` under OS isolation, in megabytes. @default 64 */
  readonly tmpMb?: number;
  /** How many processes the code may have at once under OS isolation. @default 32 */
  readonly processes?: number;
  /** How many processes wait for the next code. @default 1 */
  readonly spares?: number;
}

const KNOWN = [
  'language',
  'isolation',
  'tools',
  'interpreter',
  'tmpMb',
  'processes',
  'spares',
  'timeoutMs',
  'memoryMb',
  'maxOutputBytes',
  'forbiddenCalls',
  'allowedImports',
  'maxLength',
] as const satisfies ReadonlyArray<keyof CodeSandboxOptions>;

export interface ExecuteOptions {
  /** Files that the code finds, by name. */
  readonly files?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** Runs code that nobody trusts. */
export interface CodeSandbox extends Sandbox {
  /** Looks for what the code may not contain; {@link CodeSandbox.execute} does so first. */
  validate(code: string): CodeValidation;
  /**
   * Runs code in a fresh process.
   *
   * @throws {GuardError} `sandbox_unavailable` where this machine cannot isolate, `closed`.
   */
  execute(code: string, options?: ExecuteOptions): Promise<CodeResult>;
}

const DEFAULTS: Limits = { timeoutMs: 10_000, memoryMb: 256, maxOutputBytes: 1_048_576 };

/** What the process around an interpreter may take longer, so that what was printed so far comes back. */
const GRACE_MS = 1000;
/** Each byte of a result may take six in JSON. */
const JSON_GROWTH = 6;
const JSON_FRAME = 65_536;

/**
 * Runs code that a model wrote: checked for what it may not contain, then in a process of its own,
 * with limits, without network.
 *
 * @example
 * const sandbox = codeSandbox({ language: 'javascript' });
 * const result = await sandbox.execute('console.log("hi"); 6 * 7');
 *
 * @throws {GuardError} `options_invalid`
 */
export function codeSandbox(given: CodeSandboxOptions): CodeSandbox {
  const options = ownOptions('codeSandbox', given, KNOWN, 'options_invalid');
  const { language, tools = [] } = options;
  const isolation = isolationOf(options);
  const limits = limitsOf('codeSandbox', options, DEFAULTS);
  const rules = rulesOf(options);
  const interpreter = interpreterOf(language, options.interpreter);
  const caller = callerOf(options, isolation, limits, interpreter);
  const { url, name: exported } = MODULES[language];
  const guarantees = isolation === 'os' ? OS_GUARANTEES : QUICKJS_GUARANTEES;

  async function evaluate(
    task: Pick<CodeTask, 'code' | 'files'>,
    signal?: AbortSignal,
  ): Promise<Outcome> {
    if ('missing' in interpreter) throw new GuardError('sandbox_unavailable', interpreter.missing);
    const { timeoutMs, memoryMb, maxOutputBytes } = limits;
    const { path } = interpreter;
    return caller.call({
      url,
      export: exported,
      args: {
        ...task,
        timeoutMs,
        memoryMb,
        maxOutputBytes,
        ...(path === undefined ? {} : { interpreter: path }),
      },
      signal,
    });
  }

  async function execute(
    code: string,
    { files = {}, signal }: ExecuteOptions = {},
  ): Promise<CodeResult> {
    const valid = validateCode(code, rules);
    if (!valid.ok)
      return { outcome: 'refused', reason: valid.reason, stdout: '', stderr: '', files: [] };
    return resultOf(await evaluate({ code, files: filesOf(files) }, signal));
  }

  const takes = ({ tool }: ToolCall): boolean => tool.source === 'app' && tools.includes(tool.name);

  return {
    name: `code:${language}`,
    guarantees,
    validate: (code) => validateCode(code, rules),
    execute,
    takes,
    async check(): Promise<SandboxCheck> {
      if ('missing' in interpreter) return { ok: false, reason: interpreter.missing };
      if (isolation === 'os') {
        const proven = await prove(caller, OS_GUARANTEES);
        if (!proven.ok || language !== 'javascript') return proven;
      }
      return proveQuickJs(
        (code, more) => quickJs(caller, code, { ...limits, ...more }),
        guarantees,
      );
    },
    confine(call) {
      if (!takes(call)) return { args: call.confined };
      const valid = validateCode(inputOf(call).code, rules);
      return valid.ok ? { args: call.confined } : { refused: valid.reason };
    },
    async run(call, run) {
      if (!takes(call)) return run.execute();
      const result = await execute(inputOf(call).code, {
        files: inputOf(call).files,
        ...(run.signal === undefined ? {} : { signal: run.signal }),
      });
      if (result.outcome === 'value' || result.outcome === 'error') return result;
      const details = { tool: call.tool.name, rid: call.rid };
      throw new GuardError(CODES[result.outcome], result.reason, details);
    },
    close: () => caller.close(),
  };
}

const MODULES: Readonly<Record<Language, { readonly url: string; readonly name: string }>> = {
  javascript: { url: new URL('./run-javascript.mjs', import.meta.url).href, name: 'runJavaScript' },
  python: { url: new URL('./run-program.mjs', import.meta.url).href, name: 'runPython' },
  shell: { url: new URL('./run-program.mjs', import.meta.url).href, name: 'runShell' },
};

function isolationOf({ language, isolation }: CodeSandboxOptions): 'child' | 'os' {
  if (!LANGUAGES.includes(language)) {
    throw invalid(`language has to be one of ${LANGUAGES.join(', ')}`);
  }
  if (isolation === undefined) return language === 'javascript' ? 'child' : 'os';
  if (isolation === 'os') return isolation;
  if (isolation !== 'child') throw invalid('isolation has to be "child" or "os"');
  if (language === 'javascript') return isolation;
  throw invalid(
    `${language} in a child process could do whatever this user can; leave isolation out to have the operating system isolate it`,
  );
}

function rulesOf({
  language,
  forbiddenCalls,
  allowedImports,
  maxLength,
}: CodeSandboxOptions): CodeRules & { readonly language: Language } {
  const rules = {
    language,
    ...(forbiddenCalls === undefined ? {} : { forbiddenCalls: [...forbiddenCalls] }),
    ...(allowedImports === undefined ? {} : { allowedImports: [...allowedImports] }),
    ...(maxLength === undefined
      ? {}
      : { maxLength: positive('codeSandbox', 'maxLength', maxLength, 2 ** 24) }),
  };
  // Rules that cannot be read are refused here and not at the first call.
  validateCode('', rules);
  return rules;
}

function callerOf(
  { language, spares = 1, tmpMb, processes }: CodeSandboxOptions,
  isolation: 'child' | 'os',
  limits: Limits,
  interpreter: Interpreter,
): Caller {
  const outer: Limits = {
    ...limits,
    timeoutMs: limits.timeoutMs + GRACE_MS,
    maxOutputBytes: limits.maxOutputBytes * JSON_GROWTH + JSON_FRAME,
  };
  const read = 'missing' in interpreter ? [] : interpreter.read;
  const common = { read, write: [], env: [], spares };
  return isolation === 'os'
    ? osCaller('codeSandbox', outer, { ...common, tmpMb, processes, roots: rootsOf(language) })
    : childCaller(outer, common);
}

/** Python and shell see the files that start them, so that those are all there is. */
function rootsOf(language: Language): readonly string[] | undefined {
  if (language === 'javascript') return undefined;
  return ['.', '../child'].map((path) => fileURLToPath(new URL(path, import.meta.url)));
}

function quickJs(
  caller: Caller,
  code: string,
  { timeoutMs, memoryMb, maxOutputBytes }: Limits,
): Promise<CodeResult> {
  const { url, name } = MODULES.javascript;
  const args: CodeTask = { code, files: {}, timeoutMs, memoryMb, maxOutputBytes };
  return caller.call({ url, export: name, args, signal: undefined }).then(resultOf);
}

function inputOf({ confined }: ToolCall): {
  readonly code: string;
  readonly files: Readonly<Record<string, string>>;
} {
  const { code, files = {} } = { ...(confined as object) } as { code?: unknown; files?: unknown };
  return { code: code as string, files: files as Readonly<Record<string, string>> }; // both are looked at before they are used
}

function filesOf(files: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  for (const [name, text] of Object.entries(files)) {
    if (isFileName(name) && typeof text === 'string') continue;
    throw new GuardError(
      'sandbox_refused',
      `"${name}" is no file for the code; name files by relative paths without "..", and give their text`,
    );
  }
  return files;
}

function invalid(what: string): GuardError {
  return new GuardError('options_invalid', `codeSandbox: ${what}`);
}
