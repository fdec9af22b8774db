import type { Capability } from '@guardstile/core';

/** What an agent may reach at all, as plain data. */
export interface CapabilitiesDocument {
  /** `read-only`: files and databases; `standard`: also write files and use the network; `full`: everything. */
  readonly grant: CapabilityPreset | readonly Capability[];
  /** Directories that file tools may touch. `[]` permits none. @default any */
  readonly paths?: readonly string[];
  /** Hosts that network tools may reach. `[]` permits none. @default any */
  readonly domains?: readonly string[];
  /** Largest content that may be written, in bytes. @default 10 MiB */
  readonly maxFileSize?: number;
}

export type CapabilityPreset = 'read-only' | 'standard' | 'full';
