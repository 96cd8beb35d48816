import { isProvablyGone } from '../../../src/session/operator.ts';
import type { OperatorProcess } from '../../../src/session/operator.ts';

/** Says whether the process that its argument describes is gone for certain. */
const [described = ''] = process.argv.slice(2);
const holder: OperatorProcess = JSON.parse(described);
process.stdout.write(isProvablyGone(holder) ? 'gone' : 'not known');
