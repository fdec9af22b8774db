import { writeFileSync } from 'node:fs';
import { v7 } from '../../conformance/ai-sdk/v7.ts';
import { aiSdkEngine } from '../ai-sdk-engine.ts';
import { type Data, dataDirectory, missingData } from '../data.ts';
import { langchainTools } from '../langchain-engine.ts';
import { conclude } from './conclude.ts';
import { contenders } from './contenders.ts';
import type { Contender, Ground } from './contender.ts';
import { readFolder } from './data-folder.ts';
import { adapterOf, type Adapters, type Evaluation, evaluate } from './evaluation.ts';
import { figuresJson } from './figures-json.ts';
import { detailsOf, summaryOf } from './figures-table.ts';
import { givenSetsBy } from './given-lists.ts';
import { legend } from './legend.ts';
import { type Options, optionsOf, USAGE } from './options.ts';
import { reasonsOf } from './reasons.ts';
import { readSuitePolicies } from './suite-policies.ts';
import { takeEvery } from '../take-every.ts';
import { describeTypedValues, typedValues } from './typed-values.ts';

// `npm run attacks`: what the policies make of every recorded run, through both adapters. Exits with
// 1 when the adapters decide differently, or a figure falls below the published one.

const adapters = [adapterOf(aiSdkEngine(v7)), adapterOf(langchainTools)] satisfies Adapters;

async function main(options: Options): Promise<void> {
  const missing = options.data === dataDirectory ? missingData() : undefined;
  if (missing !== undefined)
    return console.log(`SKIPPED: nothing was measured, because ${missing}.`);
  const chosen = contendersOf(options);
  const data = takeEvery(readFolder(options.data), options.every);
  const grounds = groundsOf(data, options);
  if (options.every > 1) console.log(`${partNote(options.every)}\n`);
  const evaluations: Evaluation[] = [];
  for (const contender of chosen) {
    const evaluation = await evaluate(contender, data, grounds, through(contender, options));
    evaluations.push(evaluation);
    console.log(`${detailsOf(evaluation)}\n`);
    if (options.why) console.log(`${reasonsOf(evaluation)}\n`);
  }
  console.log(`${summaryOf(evaluations)}\n\n${legend}\n`);
  const typed = options.own && options.only.length === 0 ? await typedValues() : undefined;
  if (typed !== undefined) console.log(`${describeTypedValues(typed)}\n`);
  if (options.json !== undefined)
    writeFileSync(options.json, figuresJson(evaluations, options.every));
  const { ok, text } = conclude(evaluations, adapters, options);
  console.log(text);
  if (!ok) process.exitCode = 1;
}

function through({ isBaseline }: Contender, { every }: Options): Adapters {
  return isBaseline === true && every > 1 ? [adapters[0]] : adapters;
}

/** What a part leaves out. */
function partNote(every: number): string {
  const [first] = adapters;
  return `A part: all pairs, of recorded runs every ${every}th; what looks at no value goes through ${first.name} only.
All of it: npm run attacks`;
}

function contendersOf({ only }: Options): readonly Contender[] {
  const unknown = only.find((name) => !contenders.some((one) => one.name === name));
  if (unknown !== undefined) {
    const names = contenders.map(({ name }) => name).join(', ');
    throw new Error(`--only ${unknown}: there is no such policy; there are ${names}`);
  }
  return only.length === 0 ? contenders : contenders.filter(({ name }) => only.includes(name));
}

function groundsOf(
  { suites }: Data,
  { policies, suites: named, data }: Options,
): readonly Ground[] {
  const unknown = named.find((name) => !suites.some(({ suite }) => suite === name));
  if (unknown !== undefined) {
    const names = suites.map(({ suite }) => suite).join(', ');
    throw new Error(`--suite ${unknown}: ${data} has no such suite; there are ${names}`);
  }
  const givenSets = givenSetsBy();
  return suites
    .filter(({ suite }) => named.length === 0 || named.includes(suite))
    .map((suite) => {
      const own = readSuitePolicies(policies, suite.suite);
      if (own.flow === undefined && own.rules === undefined) {
        const { suite: name } = suite;
        throw new Error(`${policies} has no policy for the suite ${name}: no ${name}-flow.yaml`);
      }
      return { suite, policies: own, givenSets };
    });
}

try {
  const options = optionsOf(process.argv.slice(2));
  if (options === undefined) console.log(USAGE);
  else await main(options);
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 2;
}
