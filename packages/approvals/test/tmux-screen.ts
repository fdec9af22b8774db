import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import type { Scenario } from './scenario.ts';

/** A real terminal with a scenario in it. */
export interface Screen {
  /** Everything on it and above it, a row that the terminal broke in two as one. */
  text(): Promise<string>;
  /** The text as soon as it holds all of these. */
  until(...expected: readonly (string | RegExp)[]): Promise<string>;
  /**
   * The text after the scenario ended.
   *
   * @throws when it did not end well.
   */
  ended(): Promise<string>;
  /** Presses keys by tmux's names. */
  press(...keys: readonly string[]): Promise<void>;
  type(text: string): Promise<void>;
  /** What tmux knows of the pane under that name, such as `cursor_flag`. */
  ask(format: string): Promise<string>;
  /** The modes of the terminal, in the words of `stty`. */
  modes(): Promise<readonly string[]>;
  /** What programs put on tmux's clipboard. */
  clipboard(): Promise<string>;
  /** Sends a signal to a scenario that has said its process id. */
  signal(name: NodeJS.Signals): Promise<void>;
  close(): Promise<void>;
}

const run = promisify(execFile);
const scenarioFile = fileURLToPath(new URL('scenario.ts', import.meta.url));
const DEADLINE_MS = 40_000;
const POLL_MS = 20;
const EXIT = /^EXIT (\d+)$/m;

/** Whether pseudo-terminals can be tested here: `stty` and `timeout` differ elsewhere. */
export function hasTmux(): boolean {
  return process.platform === 'linux' && spawnSync('tmux', ['-V']).status === 0;
}

export interface ScreenOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** @default 120 */
  readonly columns?: number;
  /** @default 60 */
  readonly rows?: number;
  /** The scenario as a shell command; limited, so that it cannot outlive a killed test run. */
  readonly shell?: string;
}

/** Starts a tmux server of its own with one pane, whose shell stays after the scenario ended. */
export async function openScreen(scenario: Scenario, options: ScreenOptions = {}): Promise<Screen> {
  const { columns = 120, rows = 60, shell = 'timeout --foreground 100 "$@"' } = options;
  const directory = mkdtempSync(join(tmpdir(), 'guardstile-tmux-'));
  const { TMUX, CI, NO_COLOR, GUARDSTILE_AUTO_APPROVE, ...inherited } = process.env;
  void [TMUX, CI, NO_COLOR, GUARDSTILE_AUTO_APPROVE];
  const env = { ...inherited, ...options.env, LC_ALL: 'C.UTF-8', TMUX_TMPDIR: directory };
  const tmux = async (...args: readonly string[]): Promise<string> => {
    const { stdout } = await run('tmux', ['-u', '-L', 'guardstile', ...args], { env });
    return stdout;
  };
  const command = [
    'sh',
    '-c',
    `${shell}; echo "EXIT $?"; sleep 100`,
    'sh',
    process.execPath,
    scenarioFile,
    scenario,
  ];
  const size = ['-x', String(columns), '-y', String(rows)];
  await run(
    'tmux',
    [
      '-u',
      '-f',
      '/dev/null',
      '-L',
      'guardstile',
      'start-server',
      ';',
      'set-option',
      '-g',
      'history-limit',
      '10000',
      ';',
      'set-option',
      '-s',
      'set-clipboard',
      'on',
      ';',
      'new-session',
      '-d',
      ...size,
      ...command,
    ],
    { env },
  );

  const text = (): Promise<string> => tmux('capture-pane', '-p', '-J', '-S', '-');
  const ask = async (format: string): Promise<string> =>
    (await tmux('display-message', '-p', `#{${format}}`)).trim();

  /** The text as soon as it is as wanted; fails when the scenario ended without that, or hangs. */
  async function poll(done: (shown: string) => boolean): Promise<string> {
    const deadline = performance.now() + DEADLINE_MS;
    for (;;) {
      const shown = await text();
      if (done(shown)) return shown;
      if (EXIT.test(shown)) throw new Error(`the scenario ended, and the screen shows:\n${shown}`);
      if (performance.now() > deadline) throw new Error(`the screen still shows:\n${shown}`);
      await new Promise((resolve) => {
        setTimeout(resolve, POLL_MS);
      });
    }
  }

  return {
    text,
    ask,
    until: (...expected) => poll((shown) => expected.every((one) => matches(shown, one))),
    ended: () => poll((shown) => EXIT.exec(shown)?.[1] === '0'),
    press: async (...keys) => void (await tmux('send-keys', ...keys)),
    type: async (typed) => void (await tmux('send-keys', '-l', typed)),
    async modes() {
      const { stdout } = await run('stty', ['-F', await ask('pane_tty'), '-a']);
      return stdout.split(/\s+/);
    },
    async clipboard() {
      return (await tmux('list-buffers')).trim();
    },
    async signal(name) {
      const [, pid] = /^PID (\d+)$/m.exec(await text()) ?? [];
      process.kill(Number(pid), name);
    },
    async close() {
      await tmux('kill-server');
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

function matches(shown: string, expected: string | RegExp): boolean {
  return typeof expected === 'string' ? shown.includes(expected) : expected.test(shown);
}
