import { existsSync, linkSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { describe, expect, it, onTestFinished } from 'vitest';

import { openStoreFile } from './open-store-file.ts';
import type { StoreFile } from './store-file.ts';
import type { StoreKind } from './store-kind.ts';

const KIND: StoreKind = {
  name: 'the visits',
  writer: 'a test',
  code: 'flow_error',
  damaged: 'start a new one',
  applicationId: 7,
  schema: 'CREATE TABLE visit (who TEXT NOT NULL) STRICT;',
  version: 1,
};

function place() {
  const folder = mkdtempSync(join(tmpdir(), 'guardstile-visits-'));
  const opened: StoreFile[] = [];
  onTestFinished(() => {
    for (const file of opened) file.close();
    rmSync(folder, { recursive: true, force: true });
  });
  return {
    folder,
    open(path: string) {
      const file = openStoreFile(KIND, path);
      opened.push(file);
      return {
        file,
        add: () => file.write(() => file.prepare("INSERT INTO visit VALUES ('ann')").run()),
      };
    },
  };
}

const refusal = (words: RegExp): unknown =>
  expect.objectContaining({
    code: 'flow_error',
    message: expect.stringMatching(words) as unknown,
  });

describe('a path', () => {
  it.each([':memory:', 'file:visits.db', 'file:visits.db?mode=memory', ''])(
    'that SQLite takes for something else than a file of that name is refused, and nothing is made: %j',
    (path) => {
      const { open } = place();
      const before = existsSync(path);
      expect(() => open(path)).toThrow(refusal(/give the path of a file/));
      expect(existsSync(path)).toBe(before);
    },
  );

  it('means the same file wherever the process goes meanwhile', () => {
    const { folder, open } = place();
    const before = process.cwd();
    onTestFinished(() => process.chdir(before));
    process.chdir(folder);
    const { add } = open('visits.db');
    process.chdir(before);
    expect(add).not.toThrow();
  });

  it('may be a symbolic link, which leads to the same changes', () => {
    const { folder, open } = place();
    const path = join(folder, 'visits.db');
    open(path).add();
    symlinkSync(path, join(folder, 'link.db'));
    const { file, add } = open(join(folder, 'link.db'));
    add();
    expect(file.read(() => file.prepare('SELECT who FROM visit').all())).toHaveLength(2);
  });

  it('may not be one of two names of a file, each of which SQLite would keep changes under', () => {
    const { folder, open } = place();
    const path = join(folder, 'visits.db');
    const { add } = open(path);
    linkSync(path, join(folder, 'other.db'));
    expect(add).toThrow(refusal(/hard link/));
    expect(() => open(join(folder, 'other.db'))).toThrow(refusal(/hard link/));
    rmSync(join(folder, 'other.db'));
    expect(add).not.toThrow();
  });
});

describe('what lies beside the file', () => {
  const removed = ['-wal', '-shm'].flatMap((end) => [
    { end, became: 'removed' as const },
    { end, became: 'made anew' as const },
  ]);

  it.each(removed)('is not relied upon any more once it was $became: $end', ({ end, became }) => {
    const { folder, open } = place();
    const path = join(folder, 'visits.db');
    const { file, add } = open(path);
    add();
    rmSync(path + end);
    if (became === 'made anew') writeFileSync(path + end, '');
    expect(add).toThrow(refusal(new RegExp(`visits.db${end} was moved, removed or replaced`)));
    expect(() => file.read(() => 1)).toThrow(refusal(/moved, removed or replaced/));
  });

  it('is looked for beside the file that a symbolic link leads to', () => {
    const { folder, open } = place();
    const path = join(folder, 'visits.db');
    open(path).add();
    symlinkSync(path, join(folder, 'link.db'));
    const { add } = open(join(folder, 'link.db'));
    add();
    rmSync(`${path}-wal`);
    expect(add).toThrow(refusal(/visits.db-wal/));
  });
});
