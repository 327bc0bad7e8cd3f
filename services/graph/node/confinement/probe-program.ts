/**
 * Says by its start whether an engine process could run confined like this: it reads the engine's program, named by
 * its only argument, writes into its working directory, and says `ready`.
 */
import { readFileSync, writeFileSync } from 'node:fs';

const [, , engineProgram = ''] = process.argv;
readFileSync(engineProgram);
writeFileSync('probe', '');
process.on('disconnect', () => process.exit(0));
process.send?.({ type: 'ready' }, () => process.exit(0));
