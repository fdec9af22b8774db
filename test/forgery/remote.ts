/** The end of a channel between two processes. */
export interface Channel {
  send?(message: object): unknown;
  on(event: 'message', listener: (message: unknown) => void): unknown;
}

/** What the other process may call, by name. */
export type Methods = Readonly<Record<string, (...args: never[]) => unknown>>;

type Message =
  | { readonly call: string; readonly id: number; readonly args: readonly unknown[] }
  | { readonly answer: unknown; readonly id: number };

/** Offers methods to the other process, and calls those it offers. */
export function connect(
  channel: Channel,
  methods: Methods,
): (method: string, ...args: readonly unknown[]) => Promise<unknown> {
  const waiting = new Map<number, (answer: unknown) => void>();
  let calls = 0;

  async function answer(id: number, method: string, args: readonly unknown[]) {
    const answered: unknown = await methods[method]?.(...(args as never[]));
    channel.send?.({ answer: answered, id });
  }

  channel.on('message', (received) => {
    const message = received as Message;
    if ('call' in message) void answer(message.id, message.call, message.args);
    else {
      waiting.get(message.id)?.(message.answer);
      waiting.delete(message.id);
    }
  });

  return (method, ...args) => {
    const id = calls++;
    return new Promise((resolve) => {
      waiting.set(id, resolve);
      channel.send?.({ call: method, id, args });
    });
  };
}
