import semver from 'semver';

/** The oldest server that the tool knows how to run a cluster of. */
const oldestVersion = '6.2.0';

/** Whether a server of this version may be used: what the inventory asks for, and never below 6.2. */
export const isAcceptable = (version: string, range: string): boolean => {
  const parsed = semver.coerce(version);
  return parsed !== null && semver.gte(parsed, oldestVersion) && semver.satisfies(parsed, range);
};

/** `>=7.0`, or what the tool itself needs, for messages. */
export const describeWanted = (range: string): string =>
  semver.subset(range, `>=${oldestVersion}`) ? range : `${range} (and at least 6.2)`;
