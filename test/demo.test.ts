import { appendFileSync, cpSync, existsSync, mkdirSync, mkdtempSync } from 'node:fs';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAuditKeys, fileAudit, fileEntries } from '@guardstile/audit';
import type { AuditEntry } from '@guardstile/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { plainEnvironment } from './support/plain-environment.ts';
import { run, type RunResult } from './support/run.ts';
import { temporaryDirectory } from './support/temporary-directory.ts';
import { workspaceRoot } from './support/workspace-root.ts';

const program = join(workspaceRoot, 'examples/src/demo/main.ts');
const commandLine = join(workspaceRoot, 'packages/cli/src/main.ts');

function demo(...args: readonly string[]): Promise<RunResult> {
  return run(process.execPath, [program, ...args], { env: plainEnvironment, timeout: 50_000 });
}

function guardstile(...args: readonly string[]): Promise<RunResult> {
  return run(process.execPath, [commandLine, ...args], { env: plainEnvironment });
}

/** What is told, without the name of the framework and what is another each time. */
function storyOf({ stdout }: RunResult): string {
  return stdout
    .replace(/(an AI SDK|a LangChain) agent/, 'an agent')
    .replace(/(files +).*/, '$1(folder)')
    .replace(/(server +http:\/\/127\.0\.0\.1:)\d+/, '$1(port)')
    .replaceAll(/\d\d:\d\d:\d\d\.\d{3}/g, '(time)')
    .replaceAll(/after [\d.]+ ms/g, 'after (time)')
    .replace(/head [0-9a-f]+/, 'head (hash)');
}

describe('the demo', () => {
  it.each([
    ['approves', ['--approve'], 'ok       {"refund":"accepted"}'],
    ['denies', ['--deny'], 'a person denied it'],
    ['is not there', [], 'there is no terminal to ask at'],
  ] as const)(
    'tells the same story in every framework when the person %s',
    async (_, args, part) => {
      const first = await demo(...args);
      const second = await demo('langchain', ...args);
      expect({ code: first.code, errors: first.stderr }).toEqual({ code: 0, errors: '' });
      expect(first.stdout).toContain('Guardstile: an AI SDK agent');
      expect(second.stdout).toContain('Guardstile: a LangChain agent');
      expect(storyOf(second)).toBe(storyOf(first));
      expect({ code: second.code, errors: second.stderr }).toEqual({ code: 0, errors: '' });
      expect(storyOf(first)).toContain(part);
    },
  );

  it('runs what the model wrote where there is no file and no network, and uses what it computed', async () => {
    const text = (await demo('--approve')).stdout.replaceAll(/\s+/g, ' ');
    expect(text).toContain('"result":"there is no file /etc/passwd; fetch is undefined"');
    expect(text).toContain('"result":49.9');
    expect(text).toContain('POST /refunds {"order":"4711","amount":49.9}');
    expect(text).not.toContain('root:');
  });

  it('shows the trail verified, a tampered copy noticed, and the secret where it belongs', async () => {
    const { stdout } = await demo('langchain', '--approve');
    expect(stdout).toMatch(/verified +17 entries, each link and each MAC/);
    expect(stdout).toMatch(/tampered +copy with tool.allow as entry 5: noticed at 5/);
    expect(stdout).toMatch(/secret +shop's key sent 2×, not in the trail/);
    expect(stdout).toMatch(/policy +its file is as it was/);
  });

  it.each([
    [['mastra'], '"mastra" is not an option'],
    [['langchain', 'ai-sdk'], 'langchain and ai-sdk exclude each other'],
    [['--approve', '--deny'], '--approve and --deny exclude each other'],
    [['--help', '__proto__'], '"__proto__" is not an option'],
    [['--audit'], '--audit takes the path of a directory'],
    [['--audit', '--approve'], '--audit takes the path of a directory'],
    [['--audit', ''], '--audit takes the path of a directory'],
    [['--audit', 'a', '--audit', 'b'], '--audit comes once'],
  ])('takes no %j', async (args, problem) => {
    const { code, stderr } = await demo(...args);
    expect(code).toBe(2);
    expect(stderr).toContain(problem);
    expect(stderr).toContain('npm run demo [--');
  });
});

describe('the policy file of the demo', () => {
  const file = join(workspaceRoot, 'examples/policies/demo.yaml');

  it('has nothing that a check finds fault with, for the tools that the demo has', async () => {
    const tools = join(workspaceRoot, 'examples/src/demo/schemas.ts');
    const { code, stdout } = await guardstile('policy', 'check', file, '--tools', tools);
    expect(stdout).toContain('OK, 6 rules');
    expect(code).toBe(0);
    expect(stdout).not.toContain('skipped');
  });

  it('is out of reach of the tools that it governs, whatever the model is told', async () => {
    const before = readFileSync(file, 'utf8');
    for (const framework of ['ai-sdk', 'langchain']) {
      const { stdout } = await demo(framework, '--approve');
      const text = stdout.replaceAll(/\s+/g, ' ');
      expect(text).toContain(`writeFile {"path":"${file}","text":"version: 1\\ndefault: allow`);
      expect(text).toContain(`"${file}" reaches ${file}, which is protected from tools`);
    }
    expect(readFileSync(file, 'utf8')).toBe(before);
  });

  it('is shown in the README as it is, with what it says of a call', async () => {
    const readme = readFileSync(join(workspaceRoot, 'README.md'), 'utf8');
    const [rules] = /^rules:\n[^]*?(?=\n\n)/m.exec(readFileSync(file, 'utf8')) ?? ['none'];
    expect(readme).toContain(`\`\`\`yaml\n${rules}\n\`\`\``);
    const args = JSON.stringify({ order: '4711', amount: 49.9 });
    const { code, stdout } = await guardstile('policy', 'explain', file, 'refund', args);
    expect(code).toBe(1);
    expect(readme).toContain(stdout.replace(/sha256:\w+/, 'sha256:…'));
  });
});

describe('the demo with --audit', () => {
  /** A log that an AI SDK agent began and a LangChain agent went on with. */
  let place: string;
  let log: string;
  let first: RunResult;
  let second: RunResult;

  beforeAll(async () => {
    // A path that a shell would take apart.
    place = mkdtempSync(join(tmpdir(), "guardstile it's a demo "));
    log = join(place, 'audit');
    first = await demo('--approve', '--audit', log);
    second = await demo('--audit', log, 'langchain', '--approve');
  }, 60_000);

  afterAll(() => rmSync(place, { recursive: true, force: true }));

  const runs = (): readonly (readonly AuditEntry[])[] => {
    const entries = [...fileEntries(log)];
    const at = entries.findIndex(({ kind }) => kind === 'recovery');
    return [entries.slice(0, at), entries.slice(at)];
  };

  it('ends well, and goes on with the same log the second time', () => {
    expect({ code: first.code, errors: first.stderr }).toEqual({ code: 0, errors: '' });
    expect({ code: second.code, errors: second.stderr }).toEqual({ code: 0, errors: '' });
    expect(first.stdout).toMatch(/verified +19 entries up to the anchored checkpoint/);
    expect(second.stdout).toContain('which goes on after entry 18');
    expect(second.stdout).toMatch(/verified +38 entries up to the anchored checkpoint/);
    expect(second.stdout).toMatch(
      /tampered +copy with tool.allow as entry 25: refused: 0{16}.jsonl/,
    );
  });

  it('lets one policy file decide the same of both agents', () => {
    const [bySdk, byLangChain] = runs().map((entries) =>
      entries
        .filter(({ kind }) => kind === 'decision')
        .map(({ tool, args, action, rule, reason }) => {
          // The sandbox resolved paths, in a folder that is another one each time.
          const given = JSON.stringify(args).replace(/"[^"]*guardstile-demo-\w+/, '"');
          return { tool, given, action, rule, reason };
        }),
    );
    expect(byLangChain).toEqual(bySdk);
    expect(bySdk?.map(({ tool, action, rule }) => `${tool} ${action} ${rule}`)).toEqual([
      'readFile tool.allow files',
      'getOrder tool.allow orders',
      'readFile tool.deny files.elsewhere',
      'writeFile tool.deny undefined',
      'runCode tool.allow code',
      'runCode tool.allow code',
      'refund tool.ask refunds',
      'refund tool.allow refunds',
      'writeFile tool.allow files',
    ]);
  });

  it('prints the command with which anybody verifies it, as a shell takes it', async () => {
    const printed = /npx guardstile (audit verify(?: .*\\\n)+ .*)\n/.exec(second.stdout)?.[1] ?? '';
    expect(printed).not.toBe('');
    const command = `"${process.execPath}" "${commandLine}" ${printed}`;
    const { code, output } = await run('sh', ['-c', command], { env: plainEnvironment });
    expect(output).toContain('VERIFIED up to entry 38');
    expect(code).toBe(0);
  });

  /** What a third party gets: copies of the log and of what is public, and nothing that is secret. */
  function copies(): { readonly files: string; readonly proof: readonly string[] } {
    const folder = temporaryDirectory();
    const files = join(folder, 'evidence');
    cpSync(log, files, { recursive: true });
    cpSync(`${log}.public`, join(folder, 'public'), { recursive: true });
    const known = join(folder, 'public');
    const [checkpoint = ''] = readdirSync(known).filter((name) => name.endsWith('.checkpoint'));
    const key = ['--public-key', join(known, 'public-key')];
    return { files, proof: [...key, '--checkpoint', join(known, checkpoint)] };
  }

  it('keeps a log that a third party verifies with the public key and the checkpoint alone', async () => {
    const { files, proof } = copies();
    const { code, stdout } = await guardstile('audit', 'verify', files, ...proof);
    expect(stdout).toContain('VERIFIED up to entry 38');
    expect(code).toBe(0);
    const secrets = readdirSync(`${log}.secret`).filter((name) => name !== 'public-key');
    expect(secrets).toEqual(['hmac-key', 'signing-key.pem']);
    for (const name of secrets) {
      const secret = readFileSync(join(`${log}.secret`, name), 'utf8').trim();
      for (const file of readdirSync(files)) {
        expect(readFileSync(join(files, file), 'utf8')).not.toContain(secret);
      }
    }
  });

  it('keeps a log of which a changed copy is refused, with the place and the reason', async () => {
    const { files, proof } = copies();
    const segment = join(files, '0000000000000000.jsonl');
    const text = readFileSync(segment, 'utf8');
    writeFileSync(segment, text.replace('"amount":49.9', '"amount":29.9'));
    const { code, stdout } = await guardstile('audit', 'verify', files, ...proof);
    expect(code).toBe(1);
    expect(stdout).toMatch(/TAMPERED: 0{16}\.jsonl, offset \d+, entry \d+: it does not follow/);
  });

  it('keeps a log of which an end that was cut off is missed', async () => {
    const { files, proof } = copies();
    const segment = join(files, '0000000000000000.jsonl');
    const lines = readFileSync(segment, 'utf8').trimEnd().split('\n');
    writeFileSync(segment, `${lines.slice(0, -3).join('\n')}\n`);
    const { code, stdout } = await guardstile('audit', 'verify', files, ...proof);
    expect(code).toBe(1);
    expect(stdout).toContain('entries 35 to 37 are missing');
  });
});

describe('the demo with an --audit that it cannot keep a log at', () => {
  it('refuses a file, and leaves it as it is', async () => {
    const path = join(temporaryDirectory(), 'notes.txt');
    writeFileSync(path, 'mine');
    const { code, stdout, stderr } = await demo('--audit', path);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/notes\.txt is not a directory, and a log is one.*\[options_invalid\]/);
    expect(readFileSync(path, 'utf8')).toBe('mine');
    expect(readdirSync(join(path, '..'))).toEqual(['notes.txt']);
  });

  it('refuses a directory with other files, and leaves it as it is', async () => {
    const path = join(temporaryDirectory(), 'mine');
    mkdirSync(path);
    writeFileSync(join(path, 'notes.txt'), 'mine');
    const { code, stderr } = await demo('--audit', path);
    expect(code).toBe(1);
    expect(stderr).toMatch(/holds other files and no log.*\[options_invalid\]/);
    expect(readdirSync(path)).toEqual(['notes.txt']);
    expect(readdirSync(join(path, '..'))).toEqual(['mine']);
  });

  it('refuses a place where nothing can be written', async () => {
    const { code, stdout, stderr } = await demo('--audit', '/sys/guardstile/audit');
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/no log can be kept at \/sys\/guardstile\/audit .*\[audit_error\]/);
  });

  it('refuses a log whose keys are gone, one that is gone itself, and one of other keys', async () => {
    const log = join(temporaryDirectory(), 'audit');
    const keys = createAuditKeys();
    const other = fileAudit(log, keys);
    await other.append({ kind: 'application', action: 'import', actor: 'test' });
    await other.close();
    const bytes = readFileSync(join(log, '0000000000000000.jsonl'), 'utf8');
    const lost = await demo('--audit', log);
    expect(lost).toMatchObject({ code: 1, stdout: '' });
    expect(lost.stderr).toMatch(/its keys in .*\.secret are not.*\[audit_key_invalid\]/);

    // The keys of another log.
    mkdirSync(`${log}.secret`);
    writeFileSync(join(`${log}.secret`, 'hmac-key'), createAuditKeys().key);
    writeFileSync(join(`${log}.secret`, 'signing-key.pem'), keys.signingKey);
    writeFileSync(join(`${log}.secret`, 'public-key'), keys.publicKey);
    const wrong = await demo('--audit', log);
    expect(wrong).toMatchObject({ code: 1, stdout: '' });
    expect(wrong.stderr).toMatch(/\[audit_tampered\]/);
    expect(readFileSync(join(log, '0000000000000000.jsonl'), 'utf8')).toBe(bytes);

    rmSync(log, { recursive: true });
    writeFileSync(join(`${log}.public`, `log_${'0'.repeat(32)}.checkpoint`), 'of a log');
    const gone = await demo('--audit', log);
    expect(gone).toMatchObject({ code: 1, stdout: '' });
    expect(gone.stderr).toMatch(
      /audit is gone, and .* says that there was one.*\[audit_rolled_back\]/,
    );
    expect(existsSync(log)).toBe(false);
  });

  it('refuses a log that somebody else writes, who loses nothing', async () => {
    const log = join(temporaryDirectory(), 'audit');
    expect((await demo('--deny', '--audit', log)).code).toBe(0);
    const read = (name: string): string => readFileSync(join(`${log}.secret`, name), 'utf8').trim();
    const writer = fileAudit(log, { key: read('hmac-key'), signingKey: read('signing-key.pem') });
    const append = (action: string) =>
      writer.append({ kind: 'application', action, actor: 'test' });
    await append('before');
    const refused = await demo('--approve', '--audit', log);
    expect(refused).toMatchObject({ code: 1, stdout: '' });
    expect(refused.stderr).toMatch(/another writer has the log.*\[audit_locked\]/);
    await append('after');
    await writer.close();
    const actions = [...fileEntries(log)].map(({ action }) => action);
    expect(actions.slice(-4)).toEqual(['log.reopened', 'before', 'after', 'log.closed']);
    expect((await guardstile('audit', 'verify', log)).code).toBe(3);
  });

  it('refuses a log that was changed, and changes nothing of it', async () => {
    const log = join(temporaryDirectory(), 'audit');
    expect((await demo('--deny', '--audit', log)).code).toBe(0);
    const segment = join(log, '0000000000000000.jsonl');
    appendFileSync(segment, '{"e":{},"mac":""}\n');
    const bytes = readFileSync(segment, 'utf8');
    const refused = await demo('--approve', '--audit', log);
    expect(refused).toMatchObject({ code: 1, stdout: '' });
    expect(refused.stderr).toMatch(/0{16}\.jsonl, offset \d+, entry 18: .*\[audit_tampered\]/);
    expect(readFileSync(segment, 'utf8')).toBe(bytes);
  });
});
