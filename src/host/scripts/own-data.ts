import { shQuote } from '../sh.ts';
import type { OwnData } from '../step.ts';
import { placeFunctions } from './place.ts';

/** For find: root's folder on a file system of its own (mkfs.ext4 makes it), which no server opens, is passed over. */
export const notOurs = '-path ./lost+found -prune -o';

/**
 * sh that gives what a data folder holds to its server; a server that runs only gains by it. -execdir runs in the
 * folder of each file, which find opened itself, and chown -h changes a link instead of what it points to: the service
 * user can turn neither into something outside. A file with a second name somewhere is left alone.
 */
export const ownDataScript = ({
  directory,
  owner,
}: OwnData): string => `${placeFunctions({ owner, group: owner })}
path=${shQuote(directory)}
no_strange_link "$path"
enter "$path"
trusted "\${PWD%/*}"
find . -xdev -mindepth 1 ${notOurs} ! -user ${shQuote(owner)} \\( ! -type f -o -links 1 \\) -execdir chown -h ${shQuote(owner)}: '{}' ';'`;
