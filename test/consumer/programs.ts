import { cpSync, globSync, readFileSync, writeFileSync } from 'node:fs';
import { join, parse } from 'node:path';
import { workspaceRoot } from '../support/workspace-root.ts';
import { mustRun } from './must-run.ts';
import { compilers } from './project.ts';

/** How users compile; `neutral` has no Node types and checks our declaration files themselves. */
const modes = {
  nodenext: { module: 'nodenext', types: ['node'], include: ['src/*.ts', 'src/*.cts'] },
  bundler: {
    module: 'esnext',
    moduleResolution: 'bundler',
    types: ['node'],
    include: ['src/*.ts'],
  },
  neutral: {
    module: 'nodenext',
    types: [],
    lib: ['es2023', 'dom'],
    skipLibCheck: false,
    include: ['src/core.ts'],
  },
} as const;

/** Compiles the programs in both module modes with every compiler, and runs what comes out. */
export async function compileAndRun(project: string): Promise<readonly string[]> {
  cpSync(join(workspaceRoot, 'test/consumer/programs'), join(project, 'src'), { recursive: true });
  const done: string[] = [];
  for (const compiler of compilers) {
    for (const mode of Object.keys(modes) as (keyof typeof modes)[]) {
      const outDir = join(project, 'out', compiler, mode);
      const config = writeConfig(project, mode, compiler, outDir);
      const tsc = join(project, 'node_modules', compiler, binary(project, compiler));
      await mustRun(process.execPath, [tsc, '--project', config], { cwd: project });
      for (const file of globSync('*.{js,cjs}', { cwd: outDir }).toSorted()) {
        await mustRun(process.execPath, [join(outDir, file)], { cwd: project, timeout: 60_000 });
        done.push(`${compiler} ${mode} ${parse(file).base}`);
      }
    }
  }
  await mustRun(process.execPath, [join(project, 'src/require.cjs')], { cwd: project });
  return [...done, 'plain require.cjs'];
}

function writeConfig(
  project: string,
  mode: keyof typeof modes,
  compiler: string,
  outDir: string,
): string {
  const { include, ...options } = modes[mode];
  const file = join(project, `tsconfig.${compiler}.${mode}.json`);
  const compilerOptions = {
    target: 'es2023',
    strict: true,
    skipLibCheck: true,
    rootDir: 'src',
    outDir,
    ...options,
  };
  writeFileSync(file, JSON.stringify({ compilerOptions, include }));
  return file;
}

/** The compiler's entry point as its package declares it. */
function binary(project: string, compiler: string): string {
  const text = readFileSync(join(project, 'node_modules', compiler, 'package.json'), 'utf8');
  const { bin } = JSON.parse(text) as { bin: { tsc: string } }; // both compilers have this shape
  return bin.tsc;
}
