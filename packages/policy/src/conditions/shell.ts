import { parse, type Command, type CommandNode, type PipelineNode, type Statement } from 'unbash';

/**
 * The commands of a shell line as their words, if it holds nothing but commands with plain or quoted
 * words, joined by `&&`, `||`, `;` and `|`; else `undefined`. No expansion, assignment, redirection,
 * pattern, background job, path to a program, or command that changes what the next one means: such a
 * line can run what nobody sees in it.
 */
export function parseShell(line: string): ReadonlyArray<readonly string[]> | undefined {
  if (line.length > LONGEST || ODD.test(line)) return undefined;
  try {
    const { commands, errors } = parse(line);
    if (commands.length === 0 || (errors ?? []).length > 0) return undefined;
    if (!isJoined(commands, line)) return undefined;
    const parsed = commands.flatMap((statement) => ofStatement(statement, line));
    return parsed.includes(undefined) ? undefined : (parsed as Array<readonly string[]>); // just looked
  } catch {
    return undefined; // what the parser does not take is not understood
  }
}

const LONGEST = 10_000;
/** Every space but the plain one, control and format characters: shells and parsers disagree on them. */
const ODD = /[\p{C}\p{Zl}\p{Zp}]|(?! )\p{Zs}/u;

/** Around the statements there is no comment, and nothing else that only one reader sees. */
function isJoined(commands: readonly Statement[], line: string): boolean {
  let rest = '';
  let from = 0;
  for (const { command } of commands) {
    rest += line.slice(from, command.pos);
    from = command.end;
  }
  return /^[ ;]*$/.test(rest + line.slice(from));
}

type Words = readonly string[] | undefined;

function ofStatement({ command, background }: Statement, line: string): readonly Words[] {
  if (background === true) return [undefined];
  if (command.type !== 'AndOr') return ofPipeline(command, line);
  return command.commands.flatMap((each) => ofPipeline(each, line));
}

function ofPipeline(node: PipelineNode, line: string): readonly Words[] {
  if (node.type !== 'Pipeline') return [ofNode(node, line)];
  const plain = node.prefixes.length === 0 && node.operators.every((operator) => operator === '|');
  return plain ? node.commands.map((each) => ofNode(each, line)) : [undefined];
}

function ofNode(node: CommandNode, line: string): Words {
  return node.type === 'Command' ? ofCommand(node, line) : undefined;
}

function ofCommand(command: Command, line: string): Words {
  const { name, prefix, suffix } = command;
  if (name === undefined || prefix.length > 0 || !PROGRAM.test(name.text)) return undefined;
  const words = suffix.map((part) => (part.type === 'Word' ? literal(part.text) : undefined));
  const known = words.every((word, i) => word !== undefined && word === valueOf(suffix[i]));
  // Both have to have seen the same: what lies between the words is nothing but spaces.
  if (!known || !isWhole(command, line)) return undefined;
  const all = [name.text, ...(words as string[])]; // none is undefined, see above
  return changesMeaning(all) ? undefined : all;
}

/** No path, nothing quoted, no alias with an odd name. */
const PROGRAM = /^[A-Za-z0-9_][A-Za-z0-9_.+-]*$/;

/** Plain characters and quoted text without anything that a shell looks for within quotes. */
const LITERAL = /^(?:[A-Za-z0-9_@%+=:,./-]|[^\p{ASCII}]|'[^']*'|"[^"\\$`!]*")+$/u;

function literal(text: string): string | undefined {
  // zsh takes `=ls` for the path of `ls`.
  return LITERAL.test(text) && !text.startsWith('=')
    ? text.replace(/'([^']*)'|"([^"]*)"/g, '$1$2')
    : undefined;
}

function valueOf(part: Command['suffix'][number] | undefined): string | undefined {
  return part?.type === 'Word' ? part.value : undefined;
}

function isWhole({ name, suffix, pos, end }: Command, line: string): boolean {
  const texts = [name, ...suffix].map((part) => line.slice(part?.pos, part?.end));
  const between = line.slice(pos, end);
  return between.replaceAll(' ', '') === texts.join('').replaceAll(' ', '');
}

/** Commands of the shell itself that run or redefine others, or read words as code. */
const OF_THE_SHELL: ReadonlySet<string> = new Set(
  (
    'alias bind builtin caller command compgen complete compopt coproc declare enable eval exec export ' +
    'fc getopts hash history jobs let local mapfile popd pushd read readarray readonly set shift shopt ' +
    'source suspend time times trap typeset unalias unset wait'
  ).split(' '),
);

function changesMeaning([program = '', ...words]: readonly string[]): boolean {
  if (OF_THE_SHELL.has(program)) return true;
  // `test -v 'a[$(x)]'` and `printf -v` evaluate a name as code.
  return (program === 'test' || program === 'printf') && words.some((word) => /^-[vR]/.test(word));
}
