import { extname, join } from 'node:path';
import type { CommandResult, Found, Workspace } from '@guardstile/sandbox';

interface FileInfo {
  path: string;
  is_dir?: boolean;
  size?: number;
  modified_at?: string;
}

interface Written {
  error?: string;
  path?: string;
}

interface FileData {
  content: string | Uint8Array;
  mimeType: string;
  created_at: string;
  modified_at: string;
}

type FileProblem = 'file_not_found' | 'permission_denied' | 'is_directory' | 'invalid_path';

/** The `SandboxBackendProtocolV2` of `deepagents`, which need not be installed. */
export interface SandboxBackend {
  readonly id: string;
  execute(
    command: string,
  ): Promise<{ output: string; exitCode: number | null; truncated: boolean }>;
  ls(path: string): Promise<{ error?: string; files?: FileInfo[] }>;
  read(
    filePath: string,
    offset?: number,
    limit?: number,
  ): Promise<{
    error?: string;
    content?: string | Uint8Array;
    mimeType?: string;
    totalLines?: number;
    startLine?: number;
    endLine?: number;
    nextOffset?: number;
  }>;
  readRaw(filePath: string): Promise<{ error?: string; data?: FileData }>;
  write(filePath: string, content: string): Promise<Written>;
  edit(
    filePath: string,
    oldString: string,
    newString: string,
    replaceAll?: boolean,
  ): Promise<Written & { occurrences?: number }>;
  delete(filePath: string): Promise<Written>;
  grep(
    pattern: string,
    path?: string | null,
    glob?: string | null,
    maxCount?: number | null,
  ): Promise<{
    error?: string;
    matches?: { path: string; line: number; text: string }[];
    truncated?: boolean;
  }>;
  glob(
    pattern: string,
    path?: string,
  ): Promise<{ error?: string; files?: FileInfo[]; truncated?: boolean }>;
  uploadFiles(
    files: Array<[string, Uint8Array]>,
  ): Promise<{ path: string; error: FileProblem | null }[]>;
  downloadFiles(
    paths: string[],
  ): Promise<{ path: string; content: Uint8Array | null; error: FileProblem | null }[]>;
}

/**
 * A workspace as a backend of `deepagents`: its `execute` and its file tools work there. Paths are
 * those of the workspace; other absolute ones (`/notes.txt`) are taken as below its root.
 *
 * @example
 * const sandbox = workspaceSandbox({ root });
 * const backend = sandboxBackend(sandbox.open());
 * const agent = createDeepAgent(guardDeepAgent(guard, { model, tools, backend }));
 */
export function sandboxBackend(workspace: Workspace): SandboxBackend {
  const { root } = workspace;
  const at = (path: string): string =>
    path === root || path.startsWith(`${root}/`) ? path : join(root, join('/', path));

  async function bytesOf(path: string): Promise<Uint8Array> {
    const bytes = await workspace.readFile(at(path));
    if (bytes === null) throw new Error(`File '${path}' not found`);
    return bytes;
  }

  return {
    id: `workspace:${root}`,
    execute: async (command) => responseOf(await workspace.run({ command })),
    ls: (path) =>
      orError(async () => {
        const directory = at(path);
        const entries = await workspace.list(directory);
        return {
          files: (entries ?? []).map(({ name, type }) =>
            type === 'directory'
              ? { path: `${join(directory, name)}/`, is_dir: true }
              : { path: join(directory, name), is_dir: false },
          ),
        };
      }),
    read: (path, offset = 0, limit = 500) =>
      orError(async () => {
        const bytes = await bytesOf(path);
        const mimeType = mimeTypeOf(path, bytes);
        if (!isText(mimeType)) return { content: bytes, mimeType };
        return { ...page(textOf(bytes), offset, limit), mimeType };
      }),
    readRaw: (path) =>
      orError(async () => {
        const bytes = await bytesOf(path);
        const mimeType = mimeTypeOf(path, bytes);
        const { modifiedMs = 0 } = (await workspace.stat(at(path))) ?? {};
        const modified = new Date(modifiedMs).toISOString();
        const content = isText(mimeType) ? textOf(bytes) : bytes;
        return { data: { content, mimeType, created_at: modified, modified_at: modified } };
      }),
    write: (path, content) =>
      orError(async () => {
        // Of what is no text, deepagents passes base64.
        const isBinary = !isText(TYPES[extname(path).toLowerCase()] ?? TEXT);
        await workspace.writeFile(at(path), isBinary ? Buffer.from(content, 'base64') : content);
        return { path };
      }),
    edit: (path, oldString, newString, replaceAll = false) =>
      orError(async () => {
        const parts = textOf(await bytesOf(path)).split(oldString);
        const occurrences = parts.length - 1;
        if (oldString === '') return { error: 'Error: oldString cannot be empty' };
        if (occurrences === 0) return { error: `Error: String not found in file: '${oldString}'` };
        if (occurrences > 1 && !replaceAll) {
          return {
            error: `Error: String '${oldString}' appears ${occurrences} times in file. Use replace_all, or a more specific string.`,
          };
        }
        await workspace.writeFile(at(path), parts.join(newString));
        return { path, occurrences };
      }),
    delete: (path) =>
      orError(async () =>
        (await workspace.remove(at(path), { recursive: true }))
          ? { path }
          : { error: `Error: '${path}' not found` },
      ),
    grep: (text, path, glob, maxCount) =>
      orError(async () => {
        const { found, truncated } = await workspace.search({
          text,
          path: at(path ?? '/'),
          glob: glob ?? undefined,
          maxCount: maxCount ?? undefined,
        });
        return { matches: [...found], ...(truncated ? { truncated } : {}) };
      }),
    glob: (pattern, path = '/') =>
      orError(async () => {
        const { found, truncated } = await workspace.find(relative(pattern), at(path));
        return { files: filesOf(found), ...(truncated ? { truncated } : {}) };
      }),
    uploadFiles: (files) =>
      Promise.all(
        files.map(async ([path, bytes]) => {
          const error = await problemOf(() => workspace.writeFile(at(path), bytes));
          return { path, error };
        }),
      ),
    downloadFiles: (paths) =>
      Promise.all(
        paths.map(async (path) => {
          let content: Uint8Array | null = null;
          const error = await problemOf(async () => {
            content = await workspace.readFile(at(path));
          });
          return { path, content, error: error ?? (content === null ? 'file_not_found' : null) };
        }),
      ),
  };
}

/** A backend answers what went wrong; it does not throw. */
async function orError<T extends object>(work: () => Promise<T>): Promise<T | { error: string }> {
  try {
    return await work();
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
}

async function problemOf(work: () => Promise<unknown>): Promise<FileProblem | null> {
  try {
    await work();
    return null;
  } catch (error) {
    const { code } = error as { readonly code?: unknown };
    if (code === 'ENOENT') return 'file_not_found';
    return code === 'EISDIR' ? 'is_directory' : 'permission_denied';
  }
}

function responseOf({ exitCode, stdout, stderr, truncated }: CommandResult) {
  const marked = stderr.trimEnd().replaceAll(/^/gm, '[stderr] ');
  const output = stderr === '' ? stdout : `${stdout}${marked}\n`;
  return { output, exitCode, truncated };
}

function filesOf(found: Found<{ path: string; size: number; modifiedMs: number }>['found']) {
  return found.map(({ path, size, modifiedMs }) => ({
    path,
    size,
    is_dir: false,
    modified_at: new Date(modifiedMs).toISOString(),
  }));
}

/** Patterns of deepagents may start at the root. */
function relative(pattern: string): string {
  return pattern.replace(/^\/+/, '');
}

function page(text: string, offset: number, limit: number) {
  const lines = text.split('\n');
  if (lines.length > 1 && lines.at(-1) === '') lines.pop();
  if (offset > 0 && offset >= lines.length) {
    return { error: `Line offset ${offset} exceeds file length (${lines.length} lines)` };
  }
  const some = lines.slice(offset, offset + limit);
  const end = offset + some.length;
  return {
    content: some.join('\n'),
    totalLines: lines.length,
    startLine: offset + 1,
    endLine: end,
    ...(end < lines.length ? { nextOffset: end } : {}),
  };
}

const TEXT = 'text/plain';

/** What models are shown as it is. */
const TYPES: Readonly<Record<string, string>> = {
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.jpeg': 'image/jpeg',
  '.gif': 'image/gif',
  '.webp': 'image/webp',
  '.pdf': 'application/pdf',
  '.mp3': 'audio/mpeg',
  '.wav': 'audio/wav',
  '.mp4': 'video/mp4',
};

function mimeTypeOf(path: string, bytes: Uint8Array): string {
  const type = TYPES[extname(path).toLowerCase()];
  return type ?? (bytes.includes(0) ? 'application/octet-stream' : TEXT);
}

function isText(mimeType: string): boolean {
  return mimeType === TEXT;
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
