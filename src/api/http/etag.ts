/** A link's version is its entity tag: it changes with every edit, and never comes back. */
export const etag = (version: number): string => `"${version}"`

/** The versions that an If-Match header accepts; `null` = any. A weak tag promises too little, and matches none. */
export function acceptedVersions(ifMatch: string | undefined): readonly number[] | null {
  if (ifMatch === undefined || ifMatch.trim() === '*') return null
  return [...ifMatch.matchAll(/(?:^|,)\s*"(\d{1,15})"\s*(?=,|$)/g)].map(([, version]) => Number(version))
}
