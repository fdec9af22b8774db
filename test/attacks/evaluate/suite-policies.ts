import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Fact } from '@guardstile/core';
import { parseDocument } from 'yaml';
import * as z from 'zod';

const documentSchema = z.looseObject({
  facts: z.record(z.string(), z.unknown()).default({}),
  sets: z.record(z.string(), z.unknown()).default({}),
  flow: z.looseObject({ tools: z.record(z.string(), z.looseObject({})).default({}) }).optional(),
});

/** A policy file of a suite. */
export interface SuitePolicy {
  readonly path: string;
  readonly text: string;
  /** What the file says, with its references, before anything of it is checked. */
  readonly document: z.infer<typeof documentSchema>;
  /** What the file states of tools. */
  readonly facts: Readonly<Record<string, Fact | readonly Fact[]>>;
}

/** The policies of one suite. */
export interface SuitePolicies {
  /** With `flow`: where arguments have to come from. */
  readonly flow: SuitePolicy | undefined;
  /** Lists and amounts only. */
  readonly rules: SuitePolicy | undefined;
}

/** `NAME-flow.yaml` and `NAME.yaml` of a folder; a file says by its key `flow` which one it is. */
export function readSuitePolicies(directory: string, suite: string): SuitePolicies {
  if (!existsSync(directory)) throw new Error(`there is no folder ${directory}`);
  const found = [`${suite}-flow`, suite]
    .flatMap((name) => EXTENSIONS.map((extension) => join(directory, `${name}${extension}`)))
    .filter((path) => existsSync(path))
    .map((path) => policyOf(path, readFileSync(path, 'utf8')));
  return {
    flow: found.find(({ document }) => document.flow !== undefined),
    rules: found.find(({ document }) => document.flow === undefined),
  };
}

const EXTENSIONS = ['.yaml', '.yml', '.json'];

/** @throws {Error} when the text is no policy at all; the rest is found out when it is compiled. */
export function policyOf(path: string, text: string): SuitePolicy {
  const yaml = parseDocument(text);
  const [error] = yaml.errors;
  if (error !== undefined) throw new Error(`${path}: ${error.message}`);
  const result = documentSchema.safeParse(yaml.toJS());
  if (!result.success) throw new Error(`${path}: ${z.prettifyError(result.error)}`);
  const document = result.data;
  return { path, text, document, facts: document.facts as SuitePolicy['facts'] }; // checked when it is compiled
}
