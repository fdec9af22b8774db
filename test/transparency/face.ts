import * as ai7 from 'ai';
import * as ai5 from 'ai-v5';
import * as ai6 from 'ai-v6';
import type { Sdk, Streamed } from '../conformance/ai-sdk/sdk.ts';
import { v5 } from '../conformance/ai-sdk/v5.ts';
import { v6 } from '../conformance/ai-sdk/v6.ts';
import { v7 } from '../conformance/ai-sdk/v7.ts';

interface UiPart {
  readonly type: string;
  readonly state?: string;
  readonly approval?: object;
}

/** A message as a chat page keeps it. */
export interface UiMessage {
  readonly id: string;
  readonly role: string;
  readonly parts: readonly UiPart[];
}

/** What all versions offer around a run, under the same names. */
interface Ui {
  readonly readUIMessageStream: (options: object) => AsyncIterable<UiMessage>;
  readonly validateUIMessages: (options: object) => Promise<unknown>;
  readonly convertToModelMessages: (messages: readonly object[], options: object) => unknown;
  readonly hasToolCall: (name: string) => unknown;
  readonly smoothStream: (options: object) => unknown;
  readonly Output: { readonly object: (options: object) => unknown };
}

export interface UiStreamed extends Streamed {
  toUIMessageStream(options: object): AsyncIterable<object>;
  toUIMessageStreamResponse(options: object): Response;
}

/** A version of the SDK with everything that a situation may use. */
export interface Face extends Sdk, Ui {}

// Their types differ by version; what is used of them is above.
const face = (sdk: Sdk, version: object): Face => ({ ...(version as Ui), ...sdk });

export const faces: Readonly<Record<Face['name'], Face>> = {
  'ai 7': face(v7, ai7),
  'ai 6': face(v6, ai6),
  'ai 5': face(v5, ai5),
};
