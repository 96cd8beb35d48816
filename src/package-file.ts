/** A file that comes with the package (`templates/…`). Sources and build are each one folder below its root. */
export const packageFile = (path: string): URL => new URL(`../${path}`, import.meta.url);
