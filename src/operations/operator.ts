import { hostname, userInfo } from 'node:os';

/** `user@machine` of whoever runs this process, as locks and the audit log name them. */
export function describeOperator(): string {
  return `${userName()}@${hostname()}`;
}

/** A uid without a passwd entry (containers) makes userInfo throw. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid ${process.getuid?.() ?? '?'}`;
  }
}
