import { describe, expect, it } from 'vitest';
import { stopSwitch } from './stop-switch.ts';

describe('a stop switch', () => {
  it('stops while it is on, for the first reason that still holds', () => {
    const stop = stopSwitch();
    expect(stop.stopped({})).toBeUndefined();
    const undoFirst = stop.stop('incident');
    const undoSecond = stop.stop('maintenance');
    expect(stop.stopped({})).toBe('incident');
    undoFirst();
    expect(stop.stopped({})).toBe('maintenance');
    undoSecond();
    expect(stop.stopped({})).toBeUndefined();
  });

  it('is not switched off by undoing another stop for the same reason, or by undoing twice', () => {
    const stop = stopSwitch();
    const undo = stop.stop('incident');
    stop.stop('incident');
    undo();
    undo();
    expect(stop.stopped({})).toBe('incident');
  });

  it('stops also without a word', () => {
    const stop = stopSwitch();
    stop.stop('');
    expect(stop.stopped({})).toBe('');
  });
});
