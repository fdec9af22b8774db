import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

const page = new URL('page/', import.meta.url);

/** The files of the chat page; its script is bundled when it is first asked for. */
export function pageFiles(): (path: string) => Promise<Response | undefined> {
  let script: Promise<string> | undefined;
  return async (path) => {
    switch (path) {
      case '/':
        // Whoever opens the page is Ann; an application has a login instead.
        return file('page.html', 'text/html; charset=utf-8', {
          'set-cookie': 'session=demo-session-of-ann; HttpOnly; SameSite=Strict; Path=/',
          // Nobody may put the button that approves into a page of theirs.
          'content-security-policy': "frame-ancestors 'none'",
        });
      case '/style.css':
        return file('style.css', 'text/css; charset=utf-8');
      case '/page.js':
        script ??= bundle();
        return new Response(await script, {
          headers: { 'content-type': 'text/javascript; charset=utf-8' },
        });
      default:
        return undefined;
    }
  };
}

function file(
  name: string,
  type: string,
  headers: Readonly<Record<string, string>> = {},
): Response {
  return new Response(readFileSync(new URL(name, page), 'utf8'), {
    headers: { 'content-type': type, ...headers },
  });
}

async function bundle(): Promise<string> {
  const build = await rolldown({
    input: fileURLToPath(new URL('main.tsx', page)),
    platform: 'browser',
    transform: { jsx: 'react-jsx', define: { 'process.env.NODE_ENV': '"production"' } },
    logLevel: 'silent',
  });
  try {
    const { output } = await build.generate({ format: 'esm', minify: true });
    return output[0].code;
  } finally {
    await build.close();
  }
}
