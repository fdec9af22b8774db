import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** A server in a process of its own. */
export interface ServerProcess {
  readonly pid: number | undefined;
  readonly url: string;
  /** As a crash or a power cut would: nothing is saved on the way out. */
  kill(): Promise<void>;
}

/** Starts a program that says where it listens. It ends with this process at the latest. */
export async function startServer(program: URL, args: readonly string[]): Promise<ServerProcess> {
  const child = fork(fileURLToPath(program), args, {
    execArgv: [],
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  const exited = once(child, 'exit');
  const url = await new Promise<string>((resolve, reject) => {
    let output = '';
    child.on('error', reject);
    child.on('exit', () => reject(new Error(`the server ended before it listened: ${output}`)));
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      const found = /listening on (\S+)\n/.exec(output)?.[1];
      if (found !== undefined) resolve(found);
    });
  });
  return {
    pid: child.pid,
    url,
    async kill() {
      child.kill('SIGKILL');
      await exited;
    },
  };
}
