import {clusterFailures} from './cluster-failures.ts';
import {localFailures} from './local-failures.ts';

/**
 * Every error a person can meet, by its code. A code never changes its meaning and is never used again. docs/errors.md is made from this table.
 */
export const registry = {...localFailures, ...clusterFailures};
