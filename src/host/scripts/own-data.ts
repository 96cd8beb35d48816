import { shQuote } from '../../base/sh.ts';
import type { OwnData } from '../step.ts';
import { placeFunctions } from './place.ts';

/**
 * For find: what belongs to another user than the server's. Root's folder on a file system of its own
 * (mkfs.ext4 makes it), which no server opens, is passed over; so is a file with a second name somewhere,
 * which is not the tool's to give.
 */
export const straysOf = (owner: string): string =>
  `-path ./lost+found -prune -o ! -user ${shQuote(owner)} \\( ! -type f -o -links 1 \\)`;

/**
 * sh that gives what a data folder holds to its server; a server that runs only gains by it. -execdir runs in
 * the folder of each file, which find opened itself, and chown -h changes a link instead of what it points
 * to: the service user can turn neither into something outside.
 */
export const ownDataScript = ({
  directory,
  owner,
}: OwnData): string => `${placeFunctions({ owner, group: owner })}
path=${shQuote(directory)}
no_strange_link "$path"
enter "$path"
trusted "\${PWD%/*}" "\${path%/*}"
find . -xdev -mindepth 1 ${straysOf(owner)} -execdir chown -h ${shQuote(owner)}: '{}' ';'`;
