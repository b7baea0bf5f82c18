/** One error of the registry. `{words}` in its texts are facts of the moment. */
export interface Entry {
  /** By family: 1 bug, 2 usage, 3 not running or degraded, 4 cluster or login, 5 forbidden, 6 conflict, 7 policy, 8 time, 9 this machine, 10 leftovers. */
  exit: number;
  what: string;
  why: string;
  fix: readonly string[];
}
