import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

/** The tools that a module exports as `tools`, or by default. */
export async function loadTools(path: string): Promise<unknown> {
  let module: Readonly<Record<string, unknown>>;
  try {
    module = (await import(pathToFileURL(resolve(path)).href)) as typeof module; // a module is a record
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`${path} cannot be imported: ${why}`, { cause: error });
  }
  const tools = module['tools'] ?? module['default'];
  if (tools !== undefined) return tools;
  throw new Error(
    `${path} exports neither tools nor a default; export the tools that your agent gets: export const tools = { … }`,
  );
}
