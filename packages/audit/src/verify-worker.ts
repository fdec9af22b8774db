import { parentPort, workerData } from 'node:worker_threads';

import { serveReading, type WorkerSetup } from './serve-reading.ts';

// What a thread of `verifyInWorkers` runs.
if (parentPort !== null) serveReading(parentPort, workerData as WorkerSetup); // as `readingThreads` passes it
