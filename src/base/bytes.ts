const units = ['B', 'KB', 'MB', 'GB', 'TB'] as const;

/** `512 B`, `1.5 GB`: powers of 1024, as redis.conf counts its kb, mb and gb. */
export function formatBytes(bytes: number): string {
  const power = bytes < 1024 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10));
  const value = bytes / 1024 ** power;
  return `${power === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[power] ?? 'B'}`;
}
