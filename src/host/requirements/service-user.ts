import type { Requirement } from './problem.ts';

/** Packages make the user that the nodes run as; where the tool installs none, it has to be there. */
export const requireServiceUser: Requirement = ({ host, facts, desired }) => {
  const { serviceUser } = desired.layout;
  if (serviceUser === undefined || facts.server.userExists || desired.packages || !facts.server.installed)
    return [];
  return [
    {
      id: 'service-user',
      kind: 'failed',
      host: host.name,
      message: `${host.name} has no user ${serviceUser}, which the nodes would run as`,
      hints: [
        `As root on ${host.name}: useradd --system --user-group --home-dir /var/lib/${serviceUser} --shell /usr/sbin/nologin ${serviceUser}`,
      ],
    },
  ];
};
