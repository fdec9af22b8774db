import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** A Chromium for tests: what `GUARDSTILE_CHROMIUM` names, else `chromium-headless-shell` on the PATH. */
export function findChromium(env: NodeJS.ProcessEnv = process.env): string | undefined {
  const named = env['GUARDSTILE_CHROMIUM'] ?? '';
  if (named !== '') return named;
  const folders = (env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  return folders.map((folder) => join(folder, 'chromium-headless-shell')).find(isExecutable);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
