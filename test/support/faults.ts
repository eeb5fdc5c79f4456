/** Where an attempt breaks: at the call of a port with this number, before it is made or after. */
export interface Fault {
  readonly at: number;
  readonly when: 'before' | 'after';
  /** `death`: the process is gone. An error goes to the caller as if the port had thrown it. */
  readonly kind: 'death' | (() => Error);
}

/**
 * Wraps ports so that the attempt which uses them breaks at a fault. After its death nothing that it does reaches a port any more; `died`
 * resolves then. `between` is called before every call.
 */
export function faulty(fault: Fault | null, between: () => Promise<void> | void = () => {}) {
  let calls = 0;
  let dead = false;
  let die: () => void = () => {};
  const died = new Promise<void>((resolve) => {
    die = resolve;
  });
  const never = () => new Promise<never>(() => {});

  const strike = (kind: Fault['kind']): Promise<never> => {
    if (kind !== 'death') throw kind();
    dead = true;
    die();
    return never();
  };

  const wrap = <T extends object>(ports: T): T =>
    Object.fromEntries(
      Object.entries(ports).map(([name, port]) => {
        if (typeof port !== 'function') return [name, port];
        const call = async (...given: unknown[]) => {
          await between();
          if (dead) return never();
          const here = fault !== null && ++calls === fault.at ? fault : null;
          if (here?.when === 'before') return strike(here.kind);
          const answer = await port(...given);
          return here ? strike(here.kind) : answer;
        };
        return [name, call];
      }),
    ) as T;

  return { wrap, died };
}
