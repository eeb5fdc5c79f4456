/** What is known of the versions of one key: enough to date the next one and to know a late one. */
export interface KeyHistory {
  /** The version with the latest date so far. */
  readonly latest: Dated;
  /** The latest version that has been loaded; null when none has. */
  readonly loaded: Dated | null;
  /** Others that were dated, the last first: as many as may be on their way at one time. */
  readonly others?: readonly Dated[];
}

/** A version of an object, or a replay of it. */
export interface Version {
  readonly run: string;
  readonly versionId: string;
  readonly generation: number;
  /** LastModified of the object, in milliseconds since 1970. */
  readonly modified: number;
  /** When a replay was asked for, in milliseconds since 1970; null for what arrived by itself. */
  readonly requested: number | null;
}

export interface Dated extends Version {
  /** The write time base that it got, in microseconds since 1970. */
  readonly base: number;
}

const SECOND = 1_000_000;
/** What lies between two versions of one second when a version of a later second has been dated already. */
const SLOT = SECOND / 8;
const MOST_OTHERS = 16;

/**
 * Fixes the write time base of a version, once: asked again it answers the same. S3 dates objects by the second, so a version of the same second
 * as the latest one is raised by a second above it, and so is a replay of the latest; a version with an earlier date is late, and keeps its own, or
 * comes right after those of its second.
 */
export function dateVersion(history: KeyHistory | null, version: Version): { history: KeyHistory; base: number } {
  const own = (version.requested ?? version.modified) * 1000;
  if (!history) return { history: { latest: { ...version, base: own }, loaded: null }, base: own };
  const { latest, loaded, others = [] } = history;
  const known = [latest, ...(loaded ? [loaded] : []), ...others];
  const before = known.find((each) => same(each, version));
  if (before) return { history, base: before.base };
  if (version.modified < latest.modified) {
    const taken = known.map(({ base }) => base).filter((base) => base >= own && base < own + SECOND);
    const base = taken.length === 0 ? own : Math.min(Math.max(...taken) + SLOT, own + SECOND - 1);
    return { history: { ...history, others: [{ ...version, base }, ...others].slice(0, MOST_OTHERS) }, base };
  }
  const base = Math.max(own, latest.base + SECOND);
  return {
    history: { latest: { ...version, base }, loaded, others: [latest, ...others].slice(0, MOST_OTHERS) },
    base,
  };
}

const same = (a: Version, b: Version): boolean => a.versionId === b.versionId && a.generation === b.generation;

/** True when a later version has been loaded: this one comes too late. */
export function isSuperseded(history: KeyHistory | null, version: Dated): boolean {
  const loaded = history?.loaded;
  if (!loaded || same(loaded, version)) return false;
  if (loaded.modified !== version.modified) return loaded.modified > version.modified;
  return loaded.base > version.base;
}

/** Notes that a version has been loaded. */
export function noteLoaded(history: KeyHistory | null, version: Dated): KeyHistory {
  if (!history) return { latest: version, loaded: version };
  return isSuperseded(history, version) ? history : { ...history, loaded: version };
}
