import { writeFileSync } from 'node:fs';

import { README, withTable } from './probe-section.ts';
import { probeTable, probeTiers } from './probe-table.ts';

writeFileSync(README, withTable(probeTable(await probeTiers())));
