/**
 * Passwords that everybody tries first: redis.conf's example, what guides and container images print (ours
 * among them), and the usual words.
 */
const published: ReadonlySet<string> = new Set([
  'foobared',
  'your-secure-password',
  'your-very-secure-password-here',
  'your_password',
  'yourpassword',
  'yourstrongpassword',
  'mypassword',
  'mysecretpassword',
  'bitnami',
  'redis',
  'redis123',
  'redispassword',
  'rediscluster',
  'default',
  'changeme',
  'change-me',
  'secret',
  'supersecret',
  'password',
  'password1',
  'password123',
  'passw0rd',
  'p@ssw0rd',
  'admin',
  'admin123',
  'root',
  'test',
  'test123',
  'letmein',
  'qwerty',
  '123456',
  '12345678',
  '123456789',
  'weedgo',
  'weedgo-redis',
]);

/** Whether a password protects against nobody: published, or shorter than eight characters. */
export function isPublished(password: string | undefined): boolean {
  return password !== undefined && (password.length < 8 || published.has(password.toLowerCase()));
}
