import {clusterFailures} from './cluster-failures.ts';
import {localFailures} from './local-failures.ts';

/**
 * Every error a person can meet, by its code; what `docker` is refused by policy has its codes in `policyCodes` and its sentences beside each rule. A code never changes its meaning and is never used again. docs/errors.md is made from this table.
 */
export const registry = {...localFailures, ...clusterFailures};
