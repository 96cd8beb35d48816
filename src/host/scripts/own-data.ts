import { shQuote } from '../sh.ts';
import type { OwnData } from '../step.ts';
import { refuseWorking } from './set-aside.ts';

/**
 * sh that gives what a data folder holds to its server, while the server does not run. -execdir runs in the folder of
 * each file, which find opened itself, and chown -h changes a link instead of what it points to: the service user
 * can turn neither into something outside.
 */
export const ownDataScript = ({ directory, owner }: OwnData): string => `${refuseWorking(directory)}
cd -P ${shQuote(directory)}
find . -xdev ! -user ${shQuote(owner)} -execdir chown -h ${shQuote(owner)}: '{}' ';'`;
