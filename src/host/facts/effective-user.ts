import type { UserFacts } from '../facts.ts';
import type { Fact } from './fact.ts';
import { fieldsOf, requireNumber } from './lines.ts';

/**
 * Who the steps run as. The home folder comes from the user database: sudo may have left another's in HOME.
 */
export const effectiveUser: Fact<UserFacts> = {
  script: () => `
uid=$(id -u)
printf 'uid=%s\\nentry=%s\\nfallback=%s\\n' "$uid" "$(getent passwd "$uid" 2>/dev/null)" "\${HOME:-/}"
`,
  parse: (output) => {
    const { uid, entry = '', fallback = '/' } = fieldsOf(output);
    const [name, , , , , home] = entry.split(':');
    return { uid: requireNumber(uid, 'user id'), name: name || `uid ${uid}`, home: home || fallback };
  },
};
