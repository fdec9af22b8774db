export { run } from './run.ts';

export type { ExitCode, Io } from './io.ts';
