import { createRedactor } from '@guardstile/core';

import { ABSENT } from './conditions/check.ts';

const redactor = createRedactor();
const LONGEST = 80;

/** A value as explanations show it: on one line, not too long, secrets hidden by name and by look. */
export function describeValue(field: string, value: unknown): string {
  if (value === ABSENT || value === undefined) return 'missing';
  return cut(textOf(hidden(field, value)));
}

function hidden(field: string, value: unknown): unknown {
  try {
    const stored = redactor.stored({ [field]: value });
    return typeof stored === 'object' && stored !== null && Object.hasOwn(stored, field)
      ? (stored as Readonly<Record<string, unknown>>)[field]
      : '[hidden]';
  } catch {
    return '[unreadable]';
  }
}

function textOf(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value);
    case 'bigint':
      return `${value.toString().slice(0, LONGEST)}n`;
    case 'object':
      return value === null ? 'null' : json(value);
    default:
      return String(value);
  }
}

function json(value: object): string {
  try {
    return JSON.stringify(value) ?? 'an object';
  } catch {
    return Array.isArray(value) ? 'a list' : 'an object';
  }
}

function cut(text: string): string {
  const letters = Array.from(text.slice(0, LONGEST * 2));
  return letters.length > LONGEST ? `${letters.slice(0, LONGEST).join('')}…` : text;
}
