import { describe, expect, it } from 'vitest';

import { editedArgs } from './middleware-edit.ts';

const call = { name: 'pay', args: { to: 'ann', cents: '5' } };
const shown = { args: { to: 'ann', cents: 5, note: 'none' }, editable: ['cents', 'note'] };

describe('an edit', () => {
  it('changes the fields that differ from what was shown, and leaves the rest as the model gave it', () => {
    const edit = { name: 'pay', args: { to: 'ann', cents: 7, note: 'none' } };
    expect(editedArgs(call, edit, shown)).toEqual({ ok: true, args: { to: 'ann', cents: 7 } });
  });

  it('can leave a field out that may be edited', () => {
    const edit = { name: 'pay', args: { to: 'ann' } };
    expect(editedArgs(call, edit, shown)).toEqual({ ok: true, args: { to: 'ann' } });
  });

  it.each([
    ['changes', { to: 'eve', cents: 5, note: 'none' }],
    ['adds', { to: 'ann', cents: 5, note: 'none', bcc: 'eve' }],
    ['leaves out', { cents: 5, note: 'none' }],
  ])('that %s a field that may not be edited is refused', (_, args) => {
    expect(editedArgs(call, { name: 'pay', args }, shown)).toMatchObject({
      ok: false,
      note: expect.stringContaining('only cents, note of it may be edited') as unknown,
    });
  });

  it('to another tool is refused even with the same arguments', () => {
    expect(editedArgs(call, { name: 'burn', args: shown.args }, shown)).toMatchObject({
      ok: false,
    });
  });

  it('cannot reach the prototype', () => {
    const args = JSON.parse(
      '{"to":"ann","cents":5,"note":"none","__proto__":{"to":"eve"}}',
    ) as object;
    expect(editedArgs(call, { name: 'pay', args }, shown)).toMatchObject({ ok: false });
  });
});
