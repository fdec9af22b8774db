import { CLONE, CLONE3, DENIED_SYSCALLS, IOCTL, SOCKET, type SyscallNumbers } from './syscalls.ts';

/** Processors whose system calls are known. */
export type SeccompArch = 'x64' | 'arm64';

// Classic BPF over `struct seccomp_data { int nr; u32 arch; u64 ip; u64 args[6]; }`, little-endian.
const LOAD = 0x20; // BPF_LD | BPF_W | BPF_ABS
const JUMP_EQUAL = 0x15; // BPF_JMP | BPF_JEQ | BPF_K
const JUMP_SET = 0x45; // BPF_JMP | BPF_JSET | BPF_K
const RETURN = 0x06; // BPF_RET | BPF_K

const NR = 0;
const ARCH = 4;
const ARG0 = 16;
const ARG1 = 24;

const ALLOW = 0x7fff0000;
const KILL_PROCESS = 0x80000000;
const ERRNO = 0x00050000;
const EPERM = ERRNO | 1;
const ENOSYS = ERRNO | 38;

const AUDIT_ARCH: Readonly<Record<SeccompArch, number>> = { x64: 0xc000003e, arm64: 0xc00000b7 };
const X32_BIT = 0x40000000;

const AF_INET = 2;
const AF_INET6 = 10;
/** CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID and NEWNET. */
const NEW_NAMESPACES = 0x7e020000;
const TIOCSTI = 0x5412;
const TIOCLINUX = 0x541c;

interface Instruction {
  readonly code: number;
  /** Instructions to skip when the comparison holds, and when it does not. */
  readonly yes?: number;
  readonly no?: number;
  readonly k: number;
}

const load = (k: number): Instruction => ({ code: LOAD, k });
const ret = (k: number): Instruction => ({ code: RETURN, k });
const unless = (code: number, k: number, skip: number): Instruction => ({ code, no: skip, k });

/**
 * A filter as `bwrap --seccomp` and `seccomp(2)` take it: everything is allowed but what attacks on
 * kernels begin with, sockets other than those of the internet, and new namespaces.
 */
export function seccompFilter(arch: SeccompArch): Uint8Array {
  const numberOf = ([x64, arm64]: SyscallNumbers): number | undefined =>
    arch === 'x64' ? x64 : arm64;
  const denied = Object.values(DENIED_SYSCALLS).flatMap((numbers) =>
    on(numberOf(numbers), [ret(EPERM)]),
  );
  return assemble([
    load(ARCH),
    { code: JUMP_EQUAL, yes: 1, k: AUDIT_ARCH[arch] },
    ret(KILL_PROCESS),
    load(NR),
    // The x32 interface would give every call a second number.
    ...(arch === 'x64' ? [unless(JUMP_SET, X32_BIT, 1), ret(KILL_PROCESS)] : []),
    ...denied,
    // Its flags lie in memory, where no filter can look; libraries fall back to clone.
    ...on(numberOf(CLONE3), [ret(ENOSYS)]),
    ...on(numberOf(SOCKET), [
      load(ARG0),
      { code: JUMP_EQUAL, yes: 1, k: AF_INET },
      unless(JUMP_EQUAL, AF_INET6, 1),
      ret(ALLOW),
      ret(EPERM),
    ]),
    ...on(numberOf(CLONE), [
      load(ARG0),
      unless(JUMP_SET, NEW_NAMESPACES, 1),
      ret(EPERM),
      ret(ALLOW),
    ]),
    // Both put characters into the terminal of whoever started this.
    ...on(numberOf(IOCTL), [
      load(ARG1),
      { code: JUMP_EQUAL, yes: 1, k: TIOCSTI },
      unless(JUMP_EQUAL, TIOCLINUX, 1),
      ret(EPERM),
      ret(ALLOW),
    ]),
    ret(ALLOW),
  ]);
}

/** What happens on one system call; a body ends in a return. */
function on(number: number | undefined, body: readonly Instruction[]): readonly Instruction[] {
  return number === undefined ? [] : [unless(JUMP_EQUAL, number, body.length), ...body];
}

/** `struct sock_filter { u16 code; u8 jt; u8 jf; u32 k; }` each. */
function assemble(program: readonly Instruction[]): Uint8Array {
  const bytes = new DataView(new ArrayBuffer(program.length * 8));
  for (const [i, { code, yes = 0, no = 0, k }] of program.entries()) {
    bytes.setUint16(i * 8, code, true);
    bytes.setUint8(i * 8 + 2, yes);
    bytes.setUint8(i * 8 + 3, no);
    bytes.setUint32(i * 8 + 4, k >>> 0, true);
  }
  return new Uint8Array(bytes.buffer);
}
