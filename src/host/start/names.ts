import type { StartQuestion, StartReason } from './question.ts';

/** What the tool's configurations say, and where its facts look. */
const names: Readonly<Record<string, string>> = {
  dbfilename: 'dump.rdb',
  appenddirname: 'appendonlydir',
  appendfilename: 'appendonly.aof',
  'cluster-config-file': 'nodes.conf',
};

/**
 * A configuration that somebody changed by hand: the server would read other files than those that were
 * looked at.
 */
export function judgeNames({ layout, directives }: StartQuestion): readonly StartReason[] {
  const included = (directives['include'] ?? []).map(
    (args) => `includes ${args.join(' ')}, which was not read`,
  );
  const expected = { ...names, dir: layout.dataDirectory };
  const others = Object.entries(expected).flatMap(([name, value]) => {
    const found = directives[name]?.at(-1)?.[0];
    return found === undefined || found === value ? [] : [`has ${name} ${found}, not ${value}`];
  });
  const all = [...included, ...others];
  if (all.length === 0) return [];
  return [
    {
      message: `${layout.node.id}: ${layout.configFile} ${all.join(' and ')}: what the server would start with is not known`,
      hints: ['Look at that file. To have the configuration of the inventory there: weedgo-redis provision'],
    },
  ];
}
