import { shQuote } from '../../base/sh.ts';
import type { UnusablePath } from '../facts.ts';
import type { Requirement } from './requirement.ts';

/**
 * Nothing stands where the tool's files and folders belong that it would have to follow, or to replace
 * unread.
 */
export const requireUsablePaths: Requirement = ({ host, facts }) =>
  Object.entries(facts.unusable).map(([path, found]) => ({
    id: 'unusable-path',
    kind: 'refused',
    host: host.name,
    message: `${host.name}: ${path} ${describe(found)}`,
    hints: [
      found.what === 'unreadable'
        ? `Let the tool become root on ${host.name} (\`become\` in the inventory).`
        : `See what it is, and move it away, as root on ${host.name}: ls -ld ${shQuote(path)}`,
    ],
  }));

function describe({ what, owner }: UnusablePath): string {
  switch (what) {
    case 'link':
      return `is a symbolic link that ${owner} made; it is neither followed nor replaced`;
    case 'directory':
      return `is a directory of ${owner} where a file belongs`;
    case 'unreadable':
      return `belongs to ${owner} and may not be read`;
    case 'other':
      return `is neither a file nor a directory; it belongs to ${owner}`;
  }
}
