/** Judged by `announced`: the checks of the configuration leave the running values of these to it. */
export const announceDirectives: readonly string[] = [
  'cluster-announce-ip',
  'cluster-announce-port',
  'cluster-announce-bus-port',
  'replica-announce-ip',
  'replica-announce-port',
];
