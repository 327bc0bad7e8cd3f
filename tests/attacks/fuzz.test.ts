import { describe, expect, it } from 'vitest';
import { type FuzzReport, fuzzGate } from './fuzz-gate.ts';
import { SentenceGenerator } from './generate-sentence.ts';
import { readEngineGrammar } from './grammar.ts';
import { Random } from './random.ts';
import { EngineSandbox } from './sandbox.ts';
import { fuzzVocabulary } from './vocabulary.ts';

/** As many as run in seconds; `npm run fuzz:gate` takes any number. */
const count = 2_000;
const seed = 20_251_123;

describe('on generated and mutated statements', () => {
  const run: Promise<FuzzReport> = fuzzGate({ seed, count });

  it('gate and engine agree on what is a sentence, what writes, and what may run', async () => {
    const { disagreements } = await run;
    expect(disagreements).toEqual([]);
  }, 300_000);

  it('nothing that the gate accepts leaves a file behind', async () => {
    expect((await run).files).toEqual([]);
  });

  it('there is much of each kind, so that agreeing means something', async () => {
    const { verdicts, ran } = await run;
    expect(verdicts.get('query')).toBeGreaterThan(100);
    expect(verdicts.get('STATEMENT_NOT_ALLOWED')).toBeGreaterThan(150);
    expect(verdicts.get('STATEMENT_SYNTAX')).toBeGreaterThan(150);
    expect(ran).toBeGreaterThan(80);
  });
});

describe('the generator', () => {
  const generator = new SentenceGenerator(readEngineGrammar(), fuzzVocabulary);

  it('gives the same sentences for the same seed', () => {
    const sentences = (from: number) => {
      const random = new Random(from);
      return Array.from({ length: 20 }, () => generator.generate('oC_Statement', random));
    };
    expect(sentences(5)).toEqual(sentences(5));
    expect(sentences(5)).not.toEqual(sentences(6));
  });

  it('comes to every rule of the grammar that a statement may use', () => {
    const random = new Random(7);
    const openings = new Set(
      Array.from({ length: 3_000 }, () => generator.generate('oC_Statement', random))
        .map((sentence) => /^[A-Za-z]+/.exec(sentence)?.[0].toUpperCase())
        .filter((word) => word !== undefined),
    );
    const all =
      'ALTER ATTACH BEGIN CALL CHECKPOINT COMMENT COMMIT COPY CREATE DETACH DROP EXPORT IMPORT INSTALL';
    const more =
      'LOAD MATCH MERGE OPTIONAL RETURN ROLLBACK UNINSTALL UNWIND UPDATE USE WITH DELETE SET FORCE';
    expect(`${all} ${more}`.split(' ').filter((word) => !openings.has(word))).toEqual([]);
  });
});

describe('the sandbox', () => {
  it('tells what the engine says, survives its end, and starts with nothing', async () => {
    const sandbox = new EngineSandbox(['CREATE NODE TABLE P(id INT64 PRIMARY KEY)']);
    try {
      const ask = (text: string) => sandbox.ask({ original: text, canonical: text });
      expect(await ask('MATCH (n:P) RETURN n')).toEqual({ original: null, canonical: null, readOnly: null });
      expect(await ask('MATCH (n:P')).toMatchObject({ original: expect.stringMatching(/^Parser exception/) });
      expect(await ask('CREATE (:P {id: 1})')).toMatchObject({
        readOnly: expect.stringMatching(/read-only/),
      });
      // One of the engine's hazards: it ends the process.
      expect(await ask('ALTER TABLE P ADD FROM P TO P')).toEqual({ ended: 'SIGSEGV' });
      expect(await ask('MATCH (n:P) RETURN n')).toEqual({ original: null, canonical: null, readOnly: null });
      expect(sandbox.files()).toEqual([]);
      // So that a file would be seen.
      await sandbox.ask({ original: 'RETURN 1', canonical: "COPY (RETURN 1) TO 'seen.csv'" });
      expect(sandbox.files()).toEqual(['seen.csv']);
    } finally {
      await sandbox.close();
    }
  });
});
