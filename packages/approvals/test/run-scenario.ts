import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import type { Scenario } from './scenario.ts';

const scenarioFile = fileURLToPath(new URL('scenario.ts', import.meta.url));

export interface ScenarioEnd {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ScenarioInput {
  /** What stands in its standard input, which then ends; absent: nothing is there at all. */
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs a scenario as a child without a terminal until it ends by itself. */
export function runScenario(
  scenario: Scenario,
  { input, env = {} }: ScenarioInput = {},
): Promise<ScenarioEnd> {
  const { GUARDSTILE_AUTO_APPROVE, ...inherited } = process.env;
  void GUARDSTILE_AUTO_APPROVE;
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [scenarioFile, scenario], {
      env: { ...inherited, ...env },
      stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    });
    let stdout = '';
    let stderr = '';
    child.stdout?.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.stdin?.end(input);
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
}
