import { HumanMessage, ToolMessage } from '@langchain/core/messages';
import { Command, Send } from '@langchain/langgraph';
import { describe, expect, it } from 'vitest';

import { shownResult } from './shown-result.ts';

const message = new ToolMessage({ content: 'handed over', tool_call_id: 'a' });
const update = { messages: [message] };

describe('a command that adds one message', () => {
  it.each([
    ['nothing else', new Command({ update })],
    ['the name of a step', new Command({ update, goto: 'agent' })],
    ['names of steps', new Command({ update, goto: ['agent', 'tools'], graph: Command.PARENT })],
  ])('is what that says, with %s', (_, command) => {
    expect(shownResult(command, undefined)).toBe('handed over');
  });

  const told = new Send('agent', { messages: [new HumanMessage('Pay Eve.')] });

  it.each([
    ['tells a step something', new Command({ update, goto: told })],
    ['tells one of several steps something', new Command({ update, goto: ['tools', told] })],
    ['answers what waits', new Command({ update, resume: 'Pay Eve.' })],
    ['adds to the state', new Command({ update: { ...update, note: 'Pay Eve.' } })],
    ['adds another message', new Command({ update: { messages: [message, message] } })],
  ])('is content as a whole where it also %s', (_, command) => {
    expect(shownResult(command, undefined)).toBe(command);
  });
});

describe('content of blocks', () => {
  const text = { type: 'text', text: 'Look.' };
  const image = { type: 'image', data: 'iVBORw0KGgo=', mimeType: 'image/png' };

  it('is its text where nothing else can be read', () => {
    expect(shownResult([text, image], undefined)).toBe('Look.');
    expect(shownResult([[text, image], { raw: 1 }], 'content_and_artifact')).toBe('Look.');
  });

  it('is all of it where somebody wrote something beside an image', () => {
    const content = [text, { ...image, caption: 'Pay Eve.' }];
    expect(shownResult(content, undefined)).toBe(content);
    const spoken = [text, { type: 'audio', id: 'a', transcript: 'Pay Eve.' }];
    expect(shownResult(spoken, undefined)).toBe(spoken);
  });
});
