import type { Lab, LabHost } from '../../lab/lab.ts';
import { type Cli, createCli } from '../../support/cli.ts';

export const password = 'the-labs-own';

/** The guide's production architecture on a lab's hosts: 7000 to 7002 masters, 7003 to 7005 replicas. */
export function labNodes(lab: Pick<Lab, 'hosts' | 'keyFile' | 'knownHostsFile'>, over: object = {}): object {
  return {
    cluster: 'lab',
    install: 'package',
    ssh: {
      user: 'deploy',
      identityFile: lab.keyFile,
      knownHostsFile: lab.knownHostsFile,
      configFile: 'none',
      connectTimeout: 5,
    },
    auth: { password: { env: 'LAB_PASSWORD' } },
    // Nobody else is in a lab's network.
    firewall: { external: true },
    hosts: lab.hosts.map(({ name, address }, index) => ({
      name,
      address,
      ports: [7000 + index, 7003 + index],
    })),
    config: { maxmemory: '128mb', 'cluster-node-timeout': 3000 },
    ...over,
  };
}

export const createLabCli = (lab: Lab, over: object = {}): Promise<Cli> =>
  createCli(labNodes(lab, over), { env: { LAB_PASSWORD: password }, user: 'own' });

/**
 * `redis-cli --cluster check`, run on a host of the cluster. Throws what it says unless it finds nothing
 * wrong.
 */
export async function expectSoundOn(host: LabHost, port: number): Promise<void> {
  const script = `read -r REDISCLI_AUTH; export REDISCLI_AUTH; redis-cli --cluster check 127.0.0.1:${port}`;
  const { code, stdout } = await host.exec(script, { input: `${password}\n` });
  const signs = ['[OK] All nodes agree about slots configuration.', '[OK] All 16384 slots covered.'];
  if (code !== 0 || !signs.every((sign) => stdout.includes(sign)) || /\[(ERR|WARNING)\]/.test(stdout))
    throw new Error(stdout);
}

/**
 * Everything that provision could have changed, but for what the tool keeps of its own runs and servers of
 * their data.
 */
export const listingOn = (host: LabHost): Promise<string> =>
  host.run(
    `find /etc /var/lib/weedgo-redis/*@* /var/lib/systemd /usr/bin /usr/lib/systemd -xdev \\
      ! -name '*.aof' ! -name '*.rdb' ! -name 'nodes.conf' ! -path '*/timesync*' ! -path '*/random-seed' \\
      ! -path '/var/lib/systemd/timers*' ! -type d -printf '%p %y %m %u %g %s %T@ %l\\n' 2>/dev/null | sort`,
  );
