import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

// Flips a directory and a file of the workspace between what they are and links to the outside, as
// fast as it can, until it is killed.
const [root = '', outside = ''] = process.argv.slice(2);

const directory = join(root, 'dir');
const file = join(root, 'file');
const aside = join(root, '.aside');

mkdirSync(directory, { recursive: true });
writeFileSync(join(directory, 'file'), 'INSIDE');
writeFileSync(file, 'INSIDE');
process.stdout.write('ready\n');

for (;;) {
  flip(directory, outside);
  flip(file, join(outside, 'file'));
}

function flip(path: string, target: string): void {
  renameSync(path, aside);
  // A victim that creates files may have put one there meanwhile.
  rmSync(path, { force: true });
  try {
    symlinkSync(target, path);
  } catch {
    // It was faster again.
  }
  rmSync(path);
  renameSync(aside, path);
}
