/** ssh_config keywords in lower case, with all values of each, as `ssh -G` prints them. */
export type Resolved = ReadonlyMap<string, readonly string[]>;
