import { mendKuzu } from './mend-kuzu.ts';

console.log(mendKuzu() ?? `There is no mend of the engine for ${process.platform} ${process.arch}.`);
