/**
 * Installs the packed packages into an empty project outside the workspace and uses them there, as
 * a user would: `npm run check:consumer`. With `--keep` the project stays for a look.
 */
import { mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { publishablePackages } from '../support/publishable-packages.ts';
import { checkEdge } from './edge.ts';
import { packAll } from './pack.ts';
import { compileAndRun } from './programs.ts';
import { createProject } from './project.ts';
import { tarballProblems } from './tarball.ts';

const directory = realpathSync(mkdtempSync(join(tmpdir(), 'guardstile-consumer-')));
const project = join(directory, 'app');
const packages = publishablePackages();

async function step(name: string, work: () => Promise<readonly string[] | string>): Promise<void> {
  const start = performance.now();
  const done = [await work()].flat();
  console.log(`ok ${name} (${((performance.now() - start) / 1000).toFixed(1)} s)`);
  for (const line of done) console.log(`   ${line}`);
}

try {
  mkdirSync(project);
  let tarballs: ReadonlyMap<string, string> = new Map();
  await step('pack', async () => {
    tarballs = await packAll(packages, join(directory, 'tarballs'));
    return [...tarballs.keys()];
  });
  await step('install', async () => {
    await createProject(project, tarballs);
    return 'into an empty project';
  });
  await step('contents', async () => {
    const problems = packages.flatMap(({ manifest: { name } }) =>
      tarballProblems(join(project, 'node_modules', name)).map((text) => `${name}: ${text}`),
    );
    if (problems.length > 0) throw new Error(problems.join('\n'));
    return 'complete, nothing by mistake, every import declared';
  });
  await step('compile and run', () => compileAndRun(project));
  await step('edge', () => checkEdge(project));
} finally {
  if (process.argv.includes('--keep')) console.log(`kept ${directory}`);
  else rmSync(directory, { recursive: true, force: true });
}
