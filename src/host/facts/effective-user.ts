import type { UserFacts } from '../facts.ts';
import type { Fact } from './fact.ts';
import { fieldsOf, requireNumber } from './lines.ts';

/** Who the steps run as. The home folder comes from the user database: sudo may have left another's in HOME. */
export const effectiveUser: Fact<UserFacts> = {
  script: () => `
uid=$(id -u)
printf 'uid=%s\\nname=%s\\n' "$uid" "$(id -un 2>/dev/null)"
home=$(getent passwd "$uid" 2>/dev/null | cut -d: -f6)
printf 'home=%s\\n' "\${home:-\${HOME:-/}}"
`,
  parse: (output) => {
    const { uid, name = '', home = '/' } = fieldsOf(output);
    return { uid: requireNumber(uid, 'user id'), name: name || `uid ${uid}`, home };
  },
};
