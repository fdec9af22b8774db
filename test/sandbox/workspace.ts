import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** A directory for a tool, and secrets around it. */
export interface Workspace {
  /** What everything is in. */
  readonly top: string;
  /** Where the tool may work. */
  readonly root: string;
  path(...names: readonly string[]): string;
}

/**
 * `root` holds `a.txt`, `sub/b.txt`, links to a file and a directory outside (`out-file`, `out-dir`),
 * to nothing outside (`dangling`), in a circle (`loop`) and inside (`in` → `sub`). Beside it are
 * `secret.txt` and `elsewhere/c.txt`.
 */
export function makeWorkspace(): Workspace {
  const top = realpathSync(mkdtempSync(join(tmpdir(), 'guardstile-files-')));
  onTestFinished(() => rmSync(top, { recursive: true, force: true }));
  const root = join(top, 'root');
  const path = (...names: readonly string[]): string => join(root, ...names);
  mkdirSync(path('sub'), { recursive: true });
  mkdirSync(join(top, 'elsewhere'));
  writeFileSync(path('a.txt'), 'inside a');
  writeFileSync(path('sub', 'b.txt'), 'inside b');
  writeFileSync(join(top, 'secret.txt'), 'SECRET');
  writeFileSync(join(top, 'elsewhere', 'c.txt'), 'SECRET');
  symlinkSync(join(top, 'secret.txt'), path('out-file'));
  symlinkSync(join(top, 'elsewhere'), path('out-dir'));
  symlinkSync(join(top, 'not-yet.txt'), path('dangling'));
  symlinkSync(path('loop'), path('loop'));
  symlinkSync('sub', path('in'));
  return { top, root, path };
}
