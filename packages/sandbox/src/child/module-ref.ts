import { existsSync, realpathSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { GuardError, ownOptions, type ToolCall } from '@guardstile/core';

/** Where the code of a tool is: a module of its own and the function that it exports. */
export interface ToolModule {
  /** Such as `new URL('./tools/fetch-page.js', import.meta.url)`. */
  readonly module: URL | string;
  /** @default the tool's name */
  readonly export?: string;
  /** Where the tool comes from. @default 'app' */
  readonly source?: string;
}

/** A tool that runs in a child. */
export interface ModuleTool {
  readonly name: string;
  readonly source: string;
  readonly url: string;
  readonly export: string;
}

/**
 * @throws {GuardError} `options_invalid`
 */
export function moduleTools(
  what: string,
  tools: Readonly<Record<string, ToolModule>>,
): readonly ModuleTool[] {
  if (typeof tools !== 'object' || tools === null) {
    throw invalid(
      what,
      'tools has to name a module for each tool, as { readPage: { module: new URL(…) } }',
    );
  }
  return Object.entries(tools).map(([name, tool]) =>
    moduleTool(`${what}: tool "${name}"`, name, tool),
  );
}

function moduleTool(what: string, name: string, given: ToolModule): ModuleTool {
  if (typeof given === 'function') {
    throw invalid(
      what,
      "a function of this process cannot run in another one, since what it closes over stays here; move it to a module of its own, export it there, and pass { module: new URL('./that-module.js', import.meta.url), export: 'itsName' }",
    );
  }
  const options = ownOptions(what, given, ['module', 'export', 'source'], 'options_invalid');
  const url = fileUrl(what, options.module);
  const path = fileURLToPath(url);
  if (!existsSync(path)) throw invalid(what, `there is no module ${path}; correct its URL`);
  return {
    name,
    source: options.source ?? 'app',
    url: `${pathToFileURL(realpathSync(path)).href}${url.search}${url.hash}`,
    export: options.export ?? name,
  };
}

function fileUrl(what: string, given: unknown): URL {
  const url = URL.parse(String(given));
  if (url !== null && url.protocol === 'file:') return url;
  throw invalid(
    what,
    "module has to be the URL of a file; pass new URL('./its-module.js', import.meta.url)",
  );
}

/** The module of the tool that is called, if it has one. */
export function toolOf(tools: readonly ModuleTool[], { tool }: ToolCall): ModuleTool | undefined {
  return tools.find(({ name, source }) => name === tool.name && source === tool.source);
}

function invalid(what: string, message: string): GuardError {
  return new GuardError('options_invalid', `${what}: ${message}`);
}
