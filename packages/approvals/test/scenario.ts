import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';

import {
  type Approver,
  createGuard,
  type GuardOptions,
  isGuardError,
  memoryApprovals,
  memoryAudit,
} from '@guardstile/core';

import { terminalApprover } from '../src/index.ts';

// One small application per scenario, run as `node scenario.ts NAME`. Everything in it is real: the
// guard, the approver and whatever the process has for a terminal.

type Args = Readonly<Record<string, unknown>>;

const ESC = '\u{1b}';
const REFUND: Args = { orderId: 'o1', amount: 900 };

const lines: string[] = [];

/** Kept until the end: what is printed while a prompt is open would disturb it. */
function report(line: string): void {
  lines.push(line);
}

interface Setup extends Partial<GuardOptions> {
  readonly name?: string;
  /** Called when the call has taken its place at the terminal. */
  readonly onAsked?: () => void;
  readonly person?: Approver;
  readonly reason?: string;
  readonly signal?: AbortSignal;
}

async function call(args: Args | string, setup: Setup = {}): Promise<void> {
  const {
    name = 'refund',
    reason = 'refunds over 500 need a look',
    signal,
    onAsked,
    person = terminalApprover(),
    ...options
  } = setup;
  const audit = memoryAudit();
  const guard = createGuard({
    policy: () => ({ effect: 'ask', reason, rule: 'refund.large' }),
    approver: announced(person, onAsked),
    audit,
    ...options,
  });
  const context = signal === undefined ? {} : { context: { signal } };
  try {
    const result = await guard.call({ tool: name, args, ...context }, (given) => {
      if (typeof given === 'string') return given;
      if ('amount' in given && given['amount'] !== REFUND['amount']) {
        report(`AMOUNT ${String(given['amount'])}`);
      }
      return Object.keys(given).join(',');
    });
    report(`RESULT ${name} ran with ${result}`);
  } catch (error) {
    report(`RESULT ${name} ${isGuardError(error) ? `${error.code} ${error.message}` : 'failed'}`);
  }
  for (const entry of await audit.query({})) {
    if (entry.kind === 'approval')
      report(`AUDIT ${entry.action} ${JSON.stringify(entry.votes ?? [])}`);
  }
  await guard.close();
}

function announced(approver: Approver, onAsked: () => void = () => {}): Approver {
  return {
    ...approver,
    async ask(request, options) {
      const answer = approver.ask(request, options);
      onAsked();
      const given = await answer;
      if (typeof given === 'object' && ('edited' in given || 'grant' in given)) {
        report(`ANSWER ${JSON.stringify(given)}`);
      }
      return given;
    },
  };
}

/** Starts the calls in this order, whatever each of them has to do before it asks. */
async function inOrder(setups: readonly Setup[]): Promise<void> {
  const calls: Promise<void>[] = [];
  for (const setup of setups) {
    await new Promise<void>((onAsked) => {
      calls.push(call(REFUND, { ...setup, onAsked }));
    });
  }
  await Promise.all(calls);
}

/** Aborts when the test says so. */
function abortOnSignal(): AbortSignal {
  const controller = new AbortController();
  process.once('SIGUSR2', () => controller.abort());
  process.stdout.write(`PID ${process.pid}\n`);
  return controller.signal;
}

/** How the terminal stands while this process still holds it. */
function reportTerminal(): void {
  const modes = execFileSync('stty', ['-a'], {
    encoding: 'utf8',
    stdio: ['inherit', 'pipe', 'inherit'],
  });
  const on = (mode: string): string => (modes.split(/\s+/).includes(mode) ? 'on' : 'off');
  report(`TERMINAL icanon ${on('icanon')}, echo ${on('echo')}, isig ${on('isig')}`);
}

const hostile = {
  clipboard: `${ESC}]52;c;ZXZpbA==\u{7}`,
  title: `${ESC}]2;owned\u{7}`,
  erase: `pay 5${ESC}[2K${ESC}[1A${ESC}[1Gpay 1`,
  bidi: 'exe.\u{202e}gnp\u{202c}',
  carriage: 'real\rfake\b\b',
  lines: 'one\ntool       harmless',
  wide: '漢字'.repeat(40),
  unterminated: `${ESC}]0;never ends`,
  device: `${ESC}P1$r${ESC}\\ \u{9b}2J`,
};

const lenient: Partial<GuardOptions> = {
  policy: () => ({
    effect: 'ask',
    reason: 'refunds over 500 need a look',
    rule: 'refund.large',
    requirements: {
      votes: [{ kind: 'confirm' }],
      editable: ['amount', 'note'],
      grants: ['session', 'always'],
    },
  }),
  context: { principal: { id: 'alice', tenant: 'acme' }, session: 's1' },
};

const scenarios = {
  plain: () => call(REFUND),
  lenient: () => call(REFUND, lenient),
  /** The same call twice, with one place for what was granted. */
  granted: async () => {
    const setup = { ...lenient, approvals: memoryApprovals() };
    await call(REFUND, setup);
    await call(REFUND, { ...setup, name: 'refund' });
  },
  lenientText: () => call('refund o1', lenient),
  lenientNobody: () => call(REFUND, { ...lenient, context: { session: 's1' } }),
  lenientHidden: () => call({ ...REFUND, password: 'hunter2' }, lenient),
  again: async () => {
    const setup = { person: terminalApprover() };
    await call(REFUND, setup);
    await call({ orderId: 'o2', amount: 900, note: 'for ann' }, setup);
  },
  hosts: () => call({ url: 'https://аррӏе.com/login', amount: 900 }),
  hidden: () => call({ ...REFUND, password: 'hunter2', card: { cvc: '123' } }),
  long: () => call({ ...REFUND, note: `begin ${'x'.repeat(5000)} end`, items: Array(300).fill(7) }),
  hostile: () =>
    call(hostile, {
      name: `re\u{202e}fund${ESC}[2J`,
      reason: `because ${hostile.erase}`,
      unicodeNames: true,
      context: {
        principal: { id: `ann${hostile.clipboard}`, tenant: hostile.title, roles: [hostile.bidi] },
        agent: hostile.carriage,
        session: hostile.erase,
      },
    }),
  /** What the hostile scenario would do to the terminal if nothing were escaped. */
  unescaped: async () => {
    process.stderr.write(hostile.title + hostile.clipboard);
    report('RESULT written');
  },
  two: async () => {
    // Two guards with an approver each, and still one terminal.
    await inOrder([{ name: 'first' }, { name: 'second' }]);
    reportTerminal();
  },
  abort: async () => {
    await call(REFUND, { signal: abortOnSignal() });
    reportTerminal();
  },
  abortThenAsk: async () => {
    await call(REFUND, { name: 'first', signal: abortOnSignal() });
    await call(REFUND, { name: 'second' });
  },
  abortWaiting: () =>
    inOrder([{ name: 'first' }, { name: 'dropped', signal: abortOnSignal() }, { name: 'third' }]),
  timeout: async () => {
    await call(REFUND, { approvalTimeoutMs: 1 });
    reportTerminal();
  },
  /** Survives the end of its terminal, as a server might. */
  hangUp: async () => {
    process.on('SIGHUP', () => {});
    // Node itself throws when it resets a terminal that is gone.
    process.on('uncaughtException', () => {});
    await call(REFUND);
    writeFileSync(process.env['RESULT_FILE'] ?? '', lines.join('\n'));
  },
  namedApprovers: () =>
    call(REFUND, {
      policy: () => ({
        effect: 'ask',
        reason: 'finance has to agree',
        requirements: { votes: [{ kind: 'approvers', by: ['role:finance'], quorum: 1 }] },
      }),
    }),
} satisfies Record<string, () => Promise<void>>;

export type Scenario = keyof typeof scenarios;

await scenarios[process.argv[2] as Scenario](); // the tests pass only names of scenarios
process.stdout.write(`${lines.join('\n')}\n`);
