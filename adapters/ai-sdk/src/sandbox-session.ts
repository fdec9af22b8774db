import { GuardError } from '@guardstile/core';
import type { CommandResult, Workspace } from '@guardstile/sandbox';

import { eitherSignal } from './either-signal.ts';

interface Abortable {
  readonly abortSignal?: AbortSignal | undefined;
}

interface AtPath extends Abortable {
  readonly path: string;
}

interface ProcessOptions extends Abortable {
  readonly command: string;
  readonly workingDirectory?: string | undefined;
  readonly env?: Record<string, string> | undefined;
}

/** A command that was started. What it prints arrives when it ends. */
export interface SandboxSessionProcess {
  readonly stdout: ReadableStream<Uint8Array>;
  readonly stderr: ReadableStream<Uint8Array>;
  wait(): Promise<{ exitCode: number }>;
  kill(): Promise<void>;
}

/** The `Experimental_SandboxSession` of `ai` 7, which its earlier versions have no type for. */
export interface SandboxSession {
  readonly description: string;
  readonly run: (
    options: ProcessOptions,
  ) => Promise<{ exitCode: number; stdout: string; stderr: string }>;
  /** Rejects where standard input is to be written: a command of a sandbox has none. */
  readonly spawn: {
    (options: ProcessOptions & { readonly stdin: true }): Promise<never>;
    (
      options: ProcessOptions & { readonly stdin?: false | undefined },
    ): Promise<SandboxSessionProcess>;
    (
      options: ProcessOptions & { readonly stdin?: boolean | undefined },
    ): Promise<SandboxSessionProcess>;
  };
  readonly readFile: (options: AtPath) => Promise<ReadableStream<Uint8Array> | null>;
  readonly readBinaryFile: (options: AtPath) => Promise<Uint8Array | null>;
  readonly readTextFile: (
    options: AtPath & {
      readonly encoding?: string | undefined;
      readonly startLine?: number | undefined;
      readonly endLine?: number | undefined;
    },
  ) => Promise<string | null>;
  readonly writeFile: (
    options: AtPath & { readonly content: ReadableStream<Uint8Array> },
  ) => Promise<void>;
  readonly writeBinaryFile: (options: AtPath & { readonly content: Uint8Array }) => Promise<void>;
  readonly writeTextFile: (
    options: AtPath & { readonly content: string; readonly encoding?: string | undefined },
  ) => Promise<void>;
  readonly stat: (
    options: AtPath,
  ) => Promise<{ type: 'file' | 'directory' | 'other'; size: number } | null>;
  readonly listDirectory: (
    options: AtPath,
  ) => Promise<Array<{ name: string; type: 'file' | 'directory' | 'symlink' | 'other' }> | null>;
  readonly deleteFile: (options: AtPath) => Promise<boolean>;
}

/**
 * A workspace as the SDK's own sandbox session, for `experimental_sandbox`: tools that delegate to it
 * run commands and reach files there.
 *
 * @example
 * const sandbox = workspaceSandbox({ root });
 * const guard = createGuard({ policy, sandbox });
 * const session = sandboxSession(sandbox.open(guard));
 * await generateText({ model, tools, prompt, experimental_sandbox: session });
 */
export function sandboxSession(workspace: Workspace): SandboxSession {
  const run = ({ command, workingDirectory: cwd, env, abortSignal }: ProcessOptions) =>
    workspace.run({ command, cwd, env }, abortSignal);

  async function spawn({
    stdin = false,
    ...options
  }: ProcessOptions & { readonly stdin?: boolean | undefined }): Promise<SandboxSessionProcess> {
    if (stdin) throw withoutInput();
    return processOf(run, options);
  }

  return {
    description: descriptionOf(workspace),
    run: async (options) => resultOf(await run(options)),
    spawn: spawn as SandboxSession['spawn'], // with `stdin: true` it never returns
    async readFile({ path, abortSignal }) {
      const bytes = await workspace.readFile(path, abortSignal);
      return bytes && streamOf(Promise.resolve(bytes));
    },
    readBinaryFile: ({ path, abortSignal }) => workspace.readFile(path, abortSignal),
    async readTextFile({ path, encoding = 'utf-8', startLine, endLine, abortSignal }) {
      const bytes = await workspace.readFile(path, abortSignal);
      return bytes && linesOf(new TextDecoder(encoding).decode(bytes), startLine, endLine);
    },
    async writeFile({ path, content, abortSignal }) {
      await workspace.writeFile(path, await bytesIn(content), abortSignal);
    },
    writeBinaryFile: ({ path, content, abortSignal }) =>
      workspace.writeFile(path, content, abortSignal),
    async writeTextFile({ path, content, encoding = 'utf-8', abortSignal }) {
      await workspace.writeFile(path, encoded(content, encoding), abortSignal);
    },
    async stat({ path, abortSignal }) {
      const stat = await workspace.stat(path, abortSignal);
      return stat && { type: stat.type, size: stat.size };
    },
    async listDirectory({ path, abortSignal }) {
      const entries = await workspace.list(path, abortSignal);
      return entries && [...entries];
    },
    deleteFile: ({ path, abortSignal: signal }) => workspace.remove(path, { signal }),
  };
}

function descriptionOf({ root }: Workspace): string {
  return `Commands run with /bin/sh and start in ${root}, the only directory that can be changed and the only one that is kept; /tmp is new for each command, and what a command leaves running ends with it. There is no network. Programs of /usr are there.`;
}

function resultOf({ exitCode, stdout, stderr, truncated }: CommandResult) {
  const rest = truncated ? '\n[it printed more than fits]\n' : '';
  return { exitCode, stdout, stderr: `${stderr}${rest}` };
}

/** What a shell says of a program that was killed. */
const KILLED = 137;

function processOf(
  run: (options: ProcessOptions) => Promise<CommandResult>,
  options: ProcessOptions,
): SandboxSessionProcess {
  const stop = new AbortController();
  const { abortSignal } = options;
  const signal = abortSignal === undefined ? stop.signal : eitherSignal(stop.signal, abortSignal);
  const ended = run({ ...options, abortSignal: signal }).then(resultOf, (error: unknown) => {
    if (stop.signal.aborted) return { exitCode: KILLED, stdout: '', stderr: '' };
    throw error;
  });
  return {
    stdout: streamOf(ended.then(({ stdout }) => new TextEncoder().encode(stdout))),
    stderr: streamOf(ended.then(({ stderr }) => new TextEncoder().encode(stderr))),
    wait: async () => ({ exitCode: (await ended).exitCode }),
    async kill() {
      stop.abort();
      await ended.catch(() => undefined);
    },
  };
}

function streamOf(content: Promise<Uint8Array>): ReadableStream<Uint8Array> {
  return new ReadableStream({
    async start(controller) {
      try {
        const bytes = await content;
        if (bytes.length > 0) controller.enqueue(bytes);
        controller.close();
      } catch (error) {
        controller.error(error);
      }
    },
  });
}

async function bytesIn(stream: ReadableStream<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  // Node's streams can be iterated; their chunks are bytes.
  for await (const part of stream as unknown as AsyncIterable<Uint8Array>) parts.push(part);
  return Buffer.concat(parts);
}

function linesOf(text: string, startLine = 1, endLine?: number): string {
  if (startLine === 1 && endLine === undefined) return text;
  return text
    .split('\n')
    .slice(startLine - 1, endLine)
    .join('\n');
}

function encoded(text: string, encoding: string): string | Uint8Array {
  if (/^utf-?8$/i.test(encoding)) return text;
  if (Buffer.isEncoding(encoding)) return Buffer.from(text, encoding);
  throw new GuardError(
    'options_invalid',
    `text cannot be written as "${encoding}"; encode it and pass writeBinaryFile() the bytes`,
  );
}

function withoutInput(): GuardError {
  return new GuardError(
    'sandbox_refused',
    'a command of this sandbox has no standard input; write a file with writeTextFile() and redirect it: command < file',
  );
}
