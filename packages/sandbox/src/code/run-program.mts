import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { createOutput } from './collected-output.mts';
import type { CodeReport, CodeTask } from './code-result.mts';
import { writtenFiles } from './written-files.mts';

// Runs inside a child under OS isolation: `/tmp` is its own.

const CODE = '/tmp/code';
const DIRECTORY = '/tmp/work';

/** How long after its end what it printed may take to arrive. */
const LAST_WORDS_MS = 100;

/** Gives the value of the last expression, or of `result`, as JSON on descriptor 3. */
const PYTHON = `
import ast, json, linecache, os, sys, traceback
with open('${CODE}', encoding='utf-8') as file:
    source = file.read()
linecache.cache['<code>'] = (len(source), None, source.splitlines(True), '<code>')
space = {'__name__': '__main__', '__builtins__': __builtins__}
try:
    tree = ast.parse(source, '<code>')
    last = None
    if tree.body and isinstance(tree.body[-1], ast.Expr):
        last = ast.Expression(tree.body.pop().value)
    exec(compile(tree, '<code>', 'exec'), space)
    value = eval(compile(last, '<code>', 'eval'), space) if last is not None else space.get('result')
    sys.stdout.flush()
    data = json.dumps(value, default=repr).encode()
    while data:
        data = data[os.write(3, data):]
except Exception as error:
    shown = error.__traceback__
    while shown is not None and shown.tb_frame.f_code.co_filename != '<code>':
        shown = shown.tb_next
    traceback.print_exception(type(error), error, shown)
    sys.exit(1)
`;

/** Runs Python. */
export function runPython(task: CodeTask): Promise<CodeReport> {
  return runProgram(task, [task.interpreter ?? '/usr/bin/python3', '-I', '-B', '-c', PYTHON]);
}

/** Runs a shell script; it has no value. */
export function runShell(task: CodeTask): Promise<CodeReport> {
  return runProgram(task, [task.interpreter ?? '/bin/sh', CODE]);
}

async function runProgram(task: CodeTask, command: readonly string[]): Promise<CodeReport> {
  mkdirSync(DIRECTORY);
  writeFileSync(CODE, task.code);
  for (const [name, text] of Object.entries(task.files)) {
    const path = join(DIRECTORY, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
  const output = createOutput(task.maxOutputBytes);
  const data = Math.ceil(task.memoryMb * 1_048_576);
  const program = spawn('/usr/bin/prlimit', [`--data=${data}`, '--', ...command], {
    cwd: DIRECTORY,
    env: { PATH: '/usr/bin:/bin', HOME: DIRECTORY, LANG: 'C.UTF-8' },
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  });
  const stopped = new Promise<'timeout' | 'output' | undefined>((resolve) => {
    const timer = setTimeout(() => resolve('timeout'), task.timeoutMs);
    const end = (): void => {
      clearTimeout(timer);
      resolve(undefined);
    };
    program.once('close', end);
    // What it left running may hold its output open for ever.
    program.once('exit', () => setTimeout(end, LAST_WORDS_MS));
    program.once('error', (error) => {
      output.print('stderr', error.message);
      resolve(undefined);
    });
    const full = (): void => {
      if (output.full()) resolve('output');
    };
    collect(program.stdout, (text) => output.print('stdout', text), full);
    collect(program.stderr, (text) => output.print('stderr', text), full);
  });
  let json = '';
  collect(
    program.stdio[3] as Readable, // a pipe
    (text) => {
      json += text;
      output.count(text.length);
    },
    () => undefined,
  );
  const why = await stopped;
  if (why !== undefined) program.kill('SIGKILL');
  if (why === 'timeout')
    return { outcome: 'timeout', reason: 'its time was over', ...output.all() };
  for (const { name, bytes } of writtenFiles(DIRECTORY, task.files)) output.keep(name, bytes);
  const all = output.all();
  if (output.full()) {
    return { outcome: 'output', reason: 'it printed, returned or wrote too much', ...all };
  }
  if (program.exitCode === 0) {
    return { outcome: 'value', result: json === '' ? undefined : JSON.parse(json), ...all };
  }
  return failed(program.exitCode, program.signalCode, all);
}

function collect(stream: Readable | null, take: (text: string) => void, taken: () => void): void {
  if (stream === null) return;
  stream.setEncoding('utf8');
  stream.on('error', () => undefined);
  stream.on('data', (text: string) => {
    take(text);
    taken();
  });
}

type Output = ReturnType<ReturnType<typeof createOutput>['all']>;

function failed(code: number | null, signal: string | null, all: Output): CodeReport {
  const last = all.stderr.trim().split('\n').at(-1) ?? '';
  if (/^MemoryError\b/.test(last))
    return { outcome: 'memory', reason: 'it ran out of memory', ...all };
  const [, name, message] = /^([A-Z]\w*): ?(.*)$/.exec(last) ?? [];
  const how = signal === null ? `exit code ${code}` : `signal ${signal}`;
  return {
    outcome: 'error',
    error: { name: name ?? 'Error', message: message ?? how },
    ...all,
  };
}
