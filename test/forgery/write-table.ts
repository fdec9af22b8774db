import { writeFileSync } from 'node:fs';
import { README, withSection } from './readme-section.ts';
import { attackTable } from './table.ts';

writeFileSync(README, withSection(await attackTable()));
