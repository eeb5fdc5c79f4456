/** What is known of the versions of one key: enough to date the next one and to know a late one. */
export interface KeyHistory {
  /** The version with the latest date so far. */
  readonly latest: Dated;
  /** The latest version that has been loaded; null when none has. */
  readonly loaded: Dated | null;
}

export interface Dated {
  readonly versionId: string;
  readonly generation: number;
  /** LastModified of the version, or the time of a replay's request, in milliseconds since 1970. */
  readonly modified: number;
  /** The write time base that it got, in microseconds since 1970. */
  readonly base: number;
}

const SECOND = 1_000_000;

/**
 * Fixes the write time base of a version, once: asked again it answers the same. S3 dates objects by the second, so a version of
 * the same second as the latest one is raised by a second above it; one with an earlier date is late and keeps its own.
 */
export function dateVersion(
  history: KeyHistory | null,
  version: Omit<Dated, 'base'>,
): { history: KeyHistory; base: number } {
  const { latest } = history ?? {};
  if (latest?.versionId === version.versionId && latest.generation === version.generation) {
    return { history: history as KeyHistory, base: latest.base };
  }
  const own = version.modified * 1000;
  if (latest && version.modified < latest.modified) return { history: history as KeyHistory, base: own };
  const base = latest ? Math.max(own, latest.base + SECOND) : own;
  return { history: { latest: { ...version, base }, loaded: history?.loaded ?? null }, base };
}

/** True when a version with a later base has been loaded already: this one comes too late. */
export const isSuperseded = (history: KeyHistory | null, base: number): boolean => (history?.loaded?.base ?? 0) > base;

/** Notes that a version has been loaded. */
export function noteLoaded(history: KeyHistory | null, version: Dated): KeyHistory {
  const { latest = version, loaded = null } = history ?? {};
  return { latest, loaded: loaded && loaded.base > version.base ? loaded : version };
}
