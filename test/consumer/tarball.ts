import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { readManifest } from '../support/publishable-packages.ts';

/** What is wrong with an installed package: files it lacks, ships by mistake or imports undeclared. */
export function tarballProblems(directory: string): readonly string[] {
  const files = globSync('**/*', { cwd: directory, exclude: ['node_modules/**'] });
  return [
    ...missing(files),
    ...unwanted(files),
    ...brokenSourceMaps(directory, files),
    ...undeclaredImports(directory, files),
  ];
}

function missing(files: readonly string[]): readonly string[] {
  return ['README.md', 'LICENSE', 'dist/index.js', 'dist/index.d.ts']
    .filter((file) => !files.includes(file))
    .map((file) => `it has no ${file}`);
}

function unwanted(files: readonly string[]): readonly string[] {
  return files
    .filter((file) => /\.test\.|\.tsbuildinfo$|tsconfig/.test(file))
    .map((file) => `it ships ${file}`);
}

function brokenSourceMaps(directory: string, files: readonly string[]): readonly string[] {
  return files
    .filter((file) => file.endsWith('.map'))
    .flatMap((file) => {
      const map = JSON.parse(readFileSync(join(directory, file), 'utf8')) as { sources: string[] };
      return map.sources
        .map((source) => join(dirname(file), source))
        .filter((source) => !files.includes(source))
        .map((source) => `${file} points to ${source}, which is not shipped`);
    });
}

function undeclaredImports(directory: string, files: readonly string[]): readonly string[] {
  const { name, dependencies = {}, peerDependencies = {} } = readManifest(directory);
  const declared = new Set([name, ...Object.keys(dependencies), ...Object.keys(peerDependencies)]);
  return files
    .filter((file) => /\.(?:js|d\.ts)$/.test(file))
    .flatMap((file) =>
      importedPackages(readFileSync(join(directory, file), 'utf8'))
        .filter((imported) => !declared.has(imported))
        .map((imported) => `${file} imports ${imported}, which package.json does not declare`),
    );
}

/** Package names in `import`, `export … from` and `import()`; relative, `#` and `node:` ones aside. */
function importedPackages(code: string): readonly string[] {
  const withoutComments = code.replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '');
  const specifiers = withoutComments.matchAll(
    /(?<![.\w])(?:from|import)\s*\(?\s*['"]([\w@#:./-]+)['"]/g,
  );
  return [...specifiers]
    .map((match) => match[1] ?? '')
    .filter((specifier) => !/^(?:\.|#|node:)/.test(specifier))
    .map((specifier) =>
      specifier
        .split('/')
        .slice(0, specifier.startsWith('@') ? 2 : 1)
        .join('/'),
    );
}
