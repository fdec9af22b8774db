import { dataFlowRows } from './data-flow-rows.ts';
import { planOf } from './plan.ts';
import { tableOf } from './table.ts';
const plan = planOf(process.argv.slice(2));
console.log(tableOf(await dataFlowRows(plan)));
