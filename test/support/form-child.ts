/** Forms the cluster on the ports of its arguments; prints one line for each step that was done. */
import { form } from './cluster.ts';
import { localInventory } from './inventory.ts';

const inventory = localInventory(process.argv.slice(2).map(Number), { password: false });
await form(inventory, { emit: ({ message }) => process.stdout.write(`${message}\n`) });
