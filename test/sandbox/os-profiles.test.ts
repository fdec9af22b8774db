import { describe, expect, it } from 'vitest';
import { bwrapArguments } from '../../packages/sandbox/src/os/bwrap-arguments.ts';
import { seatbeltProfile } from '../../packages/sandbox/src/os/seatbelt-profile.ts';
import { type SeccompArch, seccompFilter } from '../../packages/sandbox/src/os/seccomp.ts';
import { DENIED_SYSCALLS } from '../../packages/sandbox/src/os/syscalls.ts';

const ARCHES = { x64: 0xc000003e, arm64: 0xc00000b7 } as const;
const ALLOW = 0x7fff0000;
const EPERM = 0x00050001;
const ENOSYS = 0x00050026;
const KILL = 0x80000000;

/** What the kernel would answer: the four instructions of classic BPF that the filter uses. */
function verdict(
  filter: Uint8Array,
  nr: number,
  arch: number,
  args: readonly number[] = [],
): number {
  const program = new DataView(filter.buffer);
  const data = new DataView(new ArrayBuffer(64));
  data.setUint32(0, nr, true);
  data.setUint32(4, arch, true);
  for (const [i, arg] of args.entries()) data.setUint32(16 + i * 8, arg, true);
  let loaded = 0;
  for (let at = 0; ; at += 1) {
    const code = program.getUint16(at * 8, true);
    const [yes, no] = [program.getUint8(at * 8 + 2), program.getUint8(at * 8 + 3)];
    const k = program.getUint32(at * 8 + 4, true);
    if (code === 0x06) return k;
    else if (code === 0x20) loaded = data.getUint32(k, true);
    else if (code === 0x15) at += loaded === k ? yes : no;
    else if (code === 0x45) at += (loaded & k) !== 0 ? yes : no;
    else throw new Error(`unknown instruction ${code}`);
  }
}

describe.each<SeccompArch>(['x64', 'arm64'])('the seccomp filter for %s', (name) => {
  const filter = seccompFilter(name);
  const column = name === 'x64' ? 0 : 1;
  const calls =
    name === 'x64'
      ? { read: 0, socket: 41, clone: 56, ioctl: 16 }
      : { read: 63, socket: 198, clone: 220, ioctl: 29 };
  const ask = (nr: number, ...args: number[]): number => verdict(filter, nr, ARCHES[name], args);

  it('refuses every call on its list, and lets ordinary ones through', () => {
    for (const [call, numbers] of Object.entries(DENIED_SYSCALLS)) {
      const nr = numbers[column];
      if (nr !== undefined) expect([call, ask(nr)]).toEqual([call, EPERM]);
    }
    expect(ask(calls.read)).toBe(ALLOW);
  });

  it('lets sockets of the internet through, and no others', () => {
    const domains = [1, 2, 10, 16, 17, 38, 40].map((domain) => ask(calls.socket, domain));
    expect(domains).toEqual([EPERM, ALLOW, ALLOW, EPERM, EPERM, EPERM, EPERM]);
  });

  it('lets processes and threads begin, without namespaces of their own', () => {
    expect(ask(calls.clone, 0x003d0f00)).toBe(ALLOW);
    for (const flag of [
      0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000,
    ]) {
      expect(ask(calls.clone, flag | 17)).toBe(EPERM);
    }
    expect(ask(435)).toBe(ENOSYS);
  });

  it('puts no characters into a terminal', () => {
    expect([0x5401, 0x5412, 0x541c].map((request) => ask(calls.ioctl, 0, request))).toEqual([
      ALLOW,
      EPERM,
      EPERM,
    ]);
  });

  it('kills calls of another processor, and those under second numbers', () => {
    expect(verdict(filter, calls.read, 0x40000003)).toBe(KILL);
    if (name === 'x64') expect(ask(0x40000000 | calls.socket, 1)).toBe(KILL);
  });
});

describe('the profile of bubblewrap', () => {
  const args = bwrapArguments({ read: ['/srv/in/deep', '/srv/in'], write: ['/srv/out'], tmpMb: 8 });
  const text = args.join(' ');

  it('shares nothing, dies with its parent, and binds what was declared and no more', () => {
    expect(text).toContain('--unshare-all --unshare-user');
    for (const flag of ['--die-with-parent', '--new-session', '--cap-drop ALL', '--seccomp 4'])
      expect(text).toContain(flag);
    expect(text).toContain('--ro-bind /srv/in /srv/in');
    expect(text).toContain('--bind /srv/out /srv/out');
    expect(text).toContain('--size 8388608 --tmpfs /tmp');
    expect(text).toMatch(/--remount-ro \/ --chdir \/tmp --$/);
    const bound = args.flatMap((arg, i) =>
      /^--(ro-)?bind(-try)?$/.test(arg) ? [args[i + 1]] : [],
    );
    expect(
      bound.filter(
        (path) =>
          !/^\/(usr|bin|sbin|lib\w*|srv\/.*|etc\/(ld\.so\.cache|alternatives))$/.test(path ?? ''),
      ),
    ).toEqual([]);
  });

  it('binds what lies above before what lies below', () => {
    expect(args.indexOf('/srv/in')).toBeLessThan(args.indexOf('/srv/in/deep'));
  });
});

describe('the profile of macOS', () => {
  const profile = seatbeltProfile({ read: ['/srv/"in"'], write: ['/srv/out'] });

  it('denies by default and allows no network', () => {
    expect(profile.split('\n').slice(0, 2)).toEqual(['(version 1)', '(deny default)']);
    expect(profile).toContain('(deny network*)');
    expect(profile).not.toMatch(/allow network|allow default/);
  });

  it('reads and writes what was declared, whatever its name', () => {
    expect(profile).toContain(String.raw`(subpath "/srv/\"in\"")`);
    expect(profile).toContain('(allow file-write* (subpath "/srv/out"))');
    expect(profile).not.toMatch(/file-write\*.*\/srv\/\\"in/);
    expect(seatbeltProfile({ read: [], write: [] })).not.toContain('file-write*');
  });
});
