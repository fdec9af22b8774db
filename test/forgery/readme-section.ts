import { readFileSync } from 'node:fs';

const BEGIN = '<!-- attacks: measured and written by `node test/forgery/write-table.ts` -->';
const INTRODUCTION = `## Attacks on approvals

Each line was carried out for real: by a client that posts what it likes, or by code around the SDK,
in every way to run a model (\`useChat\` is its messages through \`validateUIMessages\` and
\`convertToModelMessages\`), behind \`withGuard\` and on 7 behind \`guardOptions\` too. After each one
an honest approval ran its call once, and the logs verified.

- **blocked**: the call came as far as the guard, which refused it with that code; the run went on.
- **SDK**: the SDK refused it, and no guard was asked.
- **asked**: nothing ran, and the person was asked all the same.
- **once**: what a person had approved ran, once.
- **a / b**: without / with the SDK's own secret.
- The last two columns: in how many runs the same got through without a guard, without and with the
  secret. **–**: it cannot be tried there.`;
const END = '<!-- /attacks -->';

/** The README that shows the attacks. */
export const README: URL = new URL('../../adapters/ai-sdk/README.md', import.meta.url);

/** The README with the text between the marks of its table. */
export function withSection(text: string): string {
  const { before, after } = around();
  return `${before}${BEGIN}\n\n${INTRODUCTION}\n\n${text.trim()}\n\n${END}${after}`;
}

function around(): { readonly before: string; readonly after: string } {
  const readme = readFileSync(README, 'utf8');
  const begin = readme.indexOf(BEGIN);
  const end = readme.indexOf(END, begin);
  if (begin < 0 || end < 0) throw new Error(`the README has no ${BEGIN} … ${END}`);
  return { before: readme.slice(0, begin), after: readme.slice(end + END.length) };
}
