import { approvalRows } from './approval-rows.ts';
import { planOf } from './plan.ts';
import { tableOf } from './table.ts';
const t = performance.now();
console.log(tableOf(await approvalRows(planOf(process.argv.slice(2)))));
console.log(performance.now() - t);
