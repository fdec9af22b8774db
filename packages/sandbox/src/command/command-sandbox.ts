import { GuardError, isGuardError, ownOptions, type Sandbox } from '@guardstile/core';
import { commandMatcher, type CommandPattern } from '@guardstile/policy';

import {
  type ArgumentKind,
  confineArguments,
  refusedArgument,
} from '../arguments/confine-arguments.ts';
import { type DeclaredFields, readDeclared } from '../arguments/declared-fields.ts';
import { onlyArguments } from '../only-arguments.ts';

export interface CommandSandboxOptions {
  /**
   * Commands that may run, as policies write them: `['git', 'log', '**']` by their words, a text for
   * exactly that line. `[]` permits none.
   */
  readonly allow: readonly CommandPattern[];
  /** Which fields hold commands: a list for every tool, or by tool; `false` says that a field holds none. */
  readonly commandArgs?: DeclaredFields<true>;
  /** Whether commands are looked for by the names of the other fields too. Only ever refuses more. @default true */
  readonly autoDetect?: boolean;
}

const KNOWN = ['allow', 'commandArgs', 'autoDetect'] as const satisfies ReadonlyArray<
  keyof CommandSandboxOptions
>;

/**
 * Lets only commands through that are understood completely and allowed, as a shell line or as a
 * list of words. What an allowed program starts in turn is not seen.
 *
 * @example
 * const sandbox = commandSandbox({ allow: [['ls', '**'], ['git', 'log', '**']] });
 *
 * @throws {GuardError} `options_invalid`.
 */
export function commandSandbox(options: CommandSandboxOptions): Sandbox {
  const own = ownOptions('commandSandbox', options, KNOWN, 'options_invalid');
  const { autoDetect = true } = own;
  const usesOf = readDeclared<true>('commandArgs', own.commandArgs, [true]);
  const kind = kindOf(matcherOf(own.allow));
  return {
    ...onlyArguments('command', { processes: 'args' }),
    confine: (call) => confineArguments(call, kind, usesOf(call.tool.name), autoDetect),
  };
}

const WORDS: ReadonlySet<string> = new Set(
  'command commands cmd cmdline shell bash argv'.split(' '),
);

function kindOf(isAllowed: (command: unknown) => boolean): ArgumentKind<true> {
  return {
    words: WORDS,
    together,
    looksLike: () => false,
    confine(value) {
      if (isAllowed(value)) return value;
      const shown = typeof value === 'string' ? value : JSON.stringify(value);
      throw refusedArgument(
        `"${shown}" is not known to be an allowed command; only plain commands with plain or quoted words, joined by && || ; and |, are understood`,
      );
    },
  };
}

const ARGS = ['args', 'arguments', 'argv'];

/** The words of one command, in a list or beside its program. */
function together(
  field: string,
  value: unknown,
  beside: Readonly<Record<string, unknown>>,
): unknown {
  // `commands` are several lines, and not the words of one.
  if (Array.isArray(value)) return /s$/i.test(field) ? undefined : value;
  const [rest, ...others] = ARGS.filter((name) => name !== field && Object.hasOwn(beside, name))
    .map((name) => beside[name])
    .filter((one) => one !== undefined && one !== null);
  if (typeof value !== 'string' || rest === undefined) return undefined;
  if (others.length > 0) {
    throw refusedArgument(`"${value}" has its words in more than one of ${ARGS.join(', ')}`);
  }
  if (typeof rest === 'string') return `${value} ${rest}`;
  return [value, ...(Array.isArray(rest) ? (rest as unknown[]) : [rest])];
}

function matcherOf(allow: unknown): (command: unknown) => boolean {
  if (!Array.isArray(allow)) throw invalid('allow has to be a list of commands');
  if (allow.length === 0) return () => false;
  try {
    return commandMatcher(allow as readonly CommandPattern[]); // reads what it is given
  } catch (cause) {
    if (!isGuardError(cause)) throw cause;
    throw invalid(cause.message, cause);
  }
}

function invalid(what: string, cause?: unknown): GuardError {
  const details = cause === undefined ? {} : { cause };
  return new GuardError('options_invalid', `commandSandbox: ${what}`, details);
}
