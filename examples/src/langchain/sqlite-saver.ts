import { DatabaseSync } from 'node:sqlite';
import { BaseCheckpointSaver, MemorySaver } from '@langchain/langgraph';

type Memory = InstanceType<typeof MemorySaver>;
type Config = Parameters<Memory['getTuple']>[0];
type Listing = ReturnType<Memory['list']>;

const SCHEMA = `
  PRAGMA synchronous = EXTRA;
  CREATE TABLE IF NOT EXISTS checkpoint (
    thread TEXT NOT NULL, ns TEXT NOT NULL, id TEXT NOT NULL,
    value BLOB NOT NULL, metadata BLOB NOT NULL, parent TEXT, PRIMARY KEY (thread, ns, id)
  ) STRICT;
  CREATE TABLE IF NOT EXISTS write (
    seq INTEGER PRIMARY KEY, thread TEXT NOT NULL, checkpoint TEXT NOT NULL, slot TEXT NOT NULL,
    task TEXT NOT NULL, channel TEXT NOT NULL, value BLOB NOT NULL, UNIQUE (checkpoint, slot)
  ) STRICT;`;

/**
 * LangGraph's checkpoints in a file that any number of processes of one machine share. What is kept,
 * and in which form, is up to LangGraph's own `MemorySaver`: here its rows are written to SQLite, and
 * read into a new one for each question. Every write is one transaction, on the disk when it returns.
 *
 * An example, and slow for long threads; LangGraph has packages for SQLite, Postgres and others.
 */
export class SqliteSaver extends BaseCheckpointSaver {
  readonly #database: DatabaseSync;

  constructor(path: string) {
    super();
    this.#database = new DatabaseSync(path, { timeout: 5000 });
    this.#database.exec(SCHEMA);
  }

  override async getTuple(config: Config): ReturnType<Memory['getTuple']> {
    return this.#read(threadOf(config)).getTuple(config);
  }

  override async *list(...[config, options]: Parameters<Memory['list']>): Listing {
    yield* this.#read(threadOf(config)).list(config, options);
  }

  override async put(...given: Parameters<Memory['put']>): ReturnType<Memory['put']> {
    const memory = new MemorySaver(this.serde);
    const saved = await memory.put(...given);
    const insert = this.#database.prepare(
      'INSERT OR REPLACE INTO checkpoint (thread, ns, id, value, metadata, parent) VALUES (?, ?, ?, ?, ?, ?)',
    );
    this.#atomically(() => {
      for (const [thread, ns, id, [value, metadata, parent = null]] of checkpointsIn(memory)) {
        insert.run(thread, ns, id, value, metadata, parent);
      }
    });
    return saved;
  }

  override async putWrites(...given: Parameters<Memory['putWrites']>): Promise<void> {
    const memory = new MemorySaver(this.serde);
    await memory.putWrites(...given);
    const insert = this.#database.prepare(`
      INSERT INTO write (thread, checkpoint, slot, task, channel, value) VALUES (?, ?, ?, ?, ?, ?)
      ON CONFLICT DO UPDATE SET channel = excluded.channel, value = excluded.value WHERE ?`);
    this.#atomically(() => {
      for (const [checkpoint, slots] of Object.entries(memory.writes)) {
        for (const [slot, [task, channel, value]] of Object.entries(slots)) {
          // Ordinary writes stay as they were first written. Those with negative numbers are
          // LangGraph's own: errors, interrupts and the answers to them.
          const replaces = slot.startsWith(`${task},-`) ? 1 : 0;
          const thread = String(threadOf(given[0]));
          insert.run(thread, checkpoint, slot, task, channel, value, replaces);
        }
      }
    });
  }

  override async deleteThread(thread: string): Promise<void> {
    this.#atomically(() => {
      this.#database.prepare('DELETE FROM checkpoint WHERE thread = ?').run(thread);
      this.#database.prepare('DELETE FROM write WHERE thread = ?').run(thread);
    });
  }

  close(): void {
    this.#database.close();
  }

  /** What is in the file, of one thread or of all. */
  #read(thread: string | undefined): Memory {
    const memory = new MemorySaver(this.serde);
    this.#atomically(() => {
      for (const row of this.#rows('checkpoint', thread) as readonly CheckpointRow[]) {
        const namespaces = (memory.storage[row.thread] ??= empty());
        const saved = (namespaces[row.ns] ??= empty());
        saved[row.id] = [row.value, row.metadata, row.parent ?? undefined];
      }
      for (const row of this.#rows('write', thread) as readonly WriteRow[]) {
        const slots = (memory.writes[row.checkpoint] ??= empty());
        slots[row.slot] = [row.task, row.channel, row.value];
      }
    });
    return memory;
  }

  /** Rows as the schema has them. */
  #rows(table: 'checkpoint' | 'write', thread: string | undefined): unknown {
    const some = `SELECT * FROM ${table} WHERE ?1 IS NULL OR thread = ?1 ORDER BY rowid`;
    return this.#database.prepare(some).all(thread ?? null);
  }

  #atomically(work: () => void): void {
    this.#database.exec('BEGIN IMMEDIATE');
    try {
      work();
      this.#database.exec('COMMIT');
    } catch (error) {
      this.#database.exec('ROLLBACK');
      throw error;
    }
  }
}

interface CheckpointRow {
  readonly thread: string;
  readonly ns: string;
  readonly id: string;
  readonly value: Uint8Array;
  readonly metadata: Uint8Array;
  readonly parent: string | null;
}

interface WriteRow {
  readonly checkpoint: string;
  readonly slot: string;
  readonly task: string;
  readonly channel: string;
  readonly value: Uint8Array;
}

function threadOf({ configurable }: Config): string | undefined {
  const thread: unknown = configurable?.['thread_id'];
  return typeof thread === 'string' ? thread : undefined;
}

function* checkpointsIn({ storage }: Memory) {
  for (const [thread, namespaces] of Object.entries(storage)) {
    for (const [ns, saved] of Object.entries(namespaces)) {
      for (const [id, row] of Object.entries(saved)) yield [thread, ns, id, row] as const;
    }
  }
}

/** Names out of the file are keys here. */
function empty<T>(): Record<string, T> {
  return Object.create(null) as Record<string, T>;
}
