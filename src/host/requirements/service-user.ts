import type { HostProblem } from './problem.ts';
import type { Requirement } from './requirement.ts';

/**
 * Packages make the user that the nodes run as, with a group of its name; where the tool installs none, both
 * have to be there, and no package makes a group for a user that is there already.
 */
export const requireServiceUser: Requirement = ({ host, facts, desired }) => {
  const { serviceUser } = desired.layout;
  const { account, installed } = facts.server;
  if (serviceUser === undefined || !account) return [];
  const problem = { id: 'service-user', kind: 'failed', host: host.name } as const;
  const user: HostProblem = {
    ...problem,
    message: `${host.name} has no user ${serviceUser}, which the nodes would run as`,
    hints: [
      `As root on ${host.name}: useradd --system --user-group --home-dir /var/lib/${serviceUser} --shell /usr/sbin/nologin ${serviceUser}`,
    ],
  };
  if (account.uid === undefined) return desired.packages || !installed ? [] : [user];
  if (account.gid !== undefined) return [];
  return [
    {
      ...problem,
      message: `${host.name} has no group ${serviceUser}, which the nodes would run as; it has a user of that name`,
      hints: [`As root on ${host.name}: groupadd --system ${serviceUser}`],
    },
  ];
};
