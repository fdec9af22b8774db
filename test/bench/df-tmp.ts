import { dataFlowRows } from './data-flow-rows.ts';
import { planOf } from './plan.ts';
import { tableOf } from './table.ts';
console.log(tableOf(await dataFlowRows(planOf(['--quick']))));
