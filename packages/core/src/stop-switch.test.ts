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

  it('tells everybody who listens, whatever another one makes of it, until they do not any more', () => {
    const stop = stopSwitch();
    const told: string[] = [];
    stop.subscribe?.(() => {
      throw new Error('deaf');
    });
    const listener = (): void => void told.push('told');
    const leave = stop.subscribe?.(listener);
    stop.subscribe?.(listener);
    stop.stop('incident');
    expect(told).toEqual(['told', 'told']);
    leave?.();
    leave?.();
    stop.stop('another');
    expect(told).toEqual(['told', 'told', 'told']);
  });
});
