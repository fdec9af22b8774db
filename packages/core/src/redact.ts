import { GuardError } from './errors.ts';
import { mapTexts } from './map-texts.ts';
import { wordsOf } from './name-facts.ts';
import { ownOptions } from './own-options.ts';
import {
  boundedCopy,
  completeCopy,
  type CopyRules,
  type FieldRules,
  REDACTED,
} from './redacted-copy.ts';
import { namesSecret } from './secret-names.ts';
import { withoutSecrets } from './secret-patterns.ts';

/** What to hide beside what is hidden anyway; the built-in list can only be extended. */
export interface RedactOptions {
  /** Field names, matched at any depth regardless of case and of how their words are joined. */
  readonly keys?: readonly string[];
  /** Patterns of values. */
  readonly patterns?: readonly RegExp[];
}

/** Hides secrets: by field name at any depth, by the look of a value, and those the guard issued. */
export interface Redactor {
  /** A frozen, JSON-like copy without secrets, cut to a bounded size, for logs and events. */
  stored(value: unknown): unknown;
  /** A frozen, JSON-like, complete copy for a person, and the paths of what is hidden in it. */
  shown(value: unknown): { readonly value: unknown; readonly hidden: readonly string[] };
  /** The text without secrets. */
  text(text: string): string;
  /**
   * A tool's result without secrets, otherwise unchanged.
   *
   * @throws {TypeError} for what cannot be looked into.
   */
  result(value: unknown): unknown;
  /** The result without the values that the guard issued; other values stay. */
  withoutIssued(value: unknown): unknown;
  /** Also hides these fields. */
  with(keys: readonly string[]): Redactor;
  /** Hides a secret that the guard hands to a tool. */
  issue(secret: string): void;
}

/** Longest built-in secret that has to be recognised across a cut. */
const MARGIN = 512;
const KNOWN_KEYS = 5000;
const LONGEST_KNOWN_KEY = 100;
/** Issued secrets shorter than this are only hidden where they are the whole text. */
const SHORTEST_PART = 6;

/** Secrets that the guard handed out, the longest first: one may be the beginning of another. */
type Issued = string[];

/**
 * @throws {GuardError} `options_invalid`.
 */
export function createRedactor(options: RedactOptions = {}): Redactor {
  const { keys = [], patterns = [] } = ownOptions(
    'redact',
    options,
    ['keys', 'patterns'],
    'options_invalid',
  );
  if (!Array.isArray(keys) || !keys.every((key) => typeof key === 'string')) {
    throw new GuardError('options_invalid', 'redact.keys has to be a list of field names');
  }
  if (!Array.isArray(patterns) || !patterns.every((pattern) => pattern instanceof RegExp)) {
    throw new GuardError(
      'options_invalid',
      'redact.patterns has to be a list of regular expressions',
    );
  }
  return build(keys, patterns.map(globalPattern), []);
}

function build(keys: readonly string[], patterns: readonly RegExp[], issued: Issued): Redactor {
  function withoutIssued(text: string): string {
    let result = text;
    for (const secret of issued) {
      if (secret.length >= SHORTEST_PART) result = result.replaceAll(secret, REDACTED);
      else if (result === secret) return REDACTED;
    }
    return result;
  }

  function clean(text: string): string {
    let result = withoutSecrets(withoutIssued(text), REDACTED);
    for (const pattern of patterns) result = result.replace(pattern, REDACTED);
    return result;
  }

  const field = fieldRules(keys, clean, () => issued.length);
  const margin = (): number => Math.max(MARGIN, issued[0]?.length ?? 0);
  const rules: CopyRules = { text: clean, withoutIssued, field, margin };

  return {
    stored: (value) => boundedCopy(value, rules),
    shown: (value) => completeCopy(value, rules),
    text: clean,
    result: (value) =>
      mapTexts(value, {
        text: clean,
        key: clean,
        field: (key) => (field(key).hides ? REDACTED : undefined),
      }),
    withoutIssued: (value) => mapTexts(value, { text: withoutIssued, key: withoutIssued }),
    with: (more) => build([...keys, ...more], patterns, issued),
    issue(secret) {
      if (secret === '' || issued.includes(secret)) return;
      issued.push(secret);
      issued.sort((a, b) => b.length - a.length);
    },
  };
}

/** What is known of fields by their names. Few names occur, over and over, so they are looked at once. */
function fieldRules(
  keys: readonly string[],
  clean: (text: string) => string,
  version: () => number,
): (key: string) => FieldRules {
  const own = new Set(keys.flatMap((key) => [key.toLowerCase(), wordsOf(key).join(' ')]));
  own.delete('');
  const known = new Map<string, FieldRules>();
  let knownVersion = version();

  function rulesOf(key: string): FieldRules {
    const words = wordsOf(key);
    const hides = namesSecret(words) || own.has(key.toLowerCase()) || own.has(words.join(' '));
    return { name: clean(key), hides };
  }

  return (key) => {
    if (knownVersion !== version()) known.clear();
    knownVersion = version();
    let rules = known.get(key);
    if (rules === undefined) {
      rules = rulesOf(key);
      if (known.size < KNOWN_KEYS && key.length <= LONGEST_KNOWN_KEY) known.set(key, rules);
    }
    return rules;
  };
}

/** A copy that finds every occurrence, and that nobody else moves on. */
function globalPattern(pattern: RegExp): RegExp {
  return new RegExp(pattern.source, `${pattern.flags.replace(/[gy]/g, '')}g`);
}
