import { writeFileSync } from 'node:fs';

import { README, withTable } from './tampering-section.ts';
import { findings, tamperingTable } from './tampering-table.ts';

writeFileSync(README, withTable(tamperingTable(await findings())));
