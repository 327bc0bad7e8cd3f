import { describe, expect, it } from 'vitest';
import { ErrorReason } from '../../../gen/trellis/common/v1/error_reason_pb.js';
import { standardTier } from '../../mesh/plan/tier-table.testing.ts';
import { type RpcError, rpcError } from '../../mesh/rpc/error.ts';
import { withTierLimit, withTierLimits } from './tier-limit.ts';

describe('an error by which a limit of the tier refused a call says limit and tier', () => {
  it.each([
    ['STATEMENT_TOO_LONG', { limit_characters: '10000' }, '10000 characters'],
    ['DEADLINE_EXCEEDED', { limit_ms: '30000' }, '30 s'],
    ['OUT_OF_MEMORY', { limit_bytes: String(512 * 2 ** 20) }, '512 MiB'],
    [
      'GRAPH_BUSY',
      { limit_statements: '8', limit_waiting_reads: '256', limit_waiting_writes: '64' },
      '8 statements at a time, with 256 reads and 64 writes waiting',
    ],
  ] as const)('%s', (name, metadata, words) => {
    const thrown = rpcError(ErrorReason[name], 'no', { metadata: { more: 'facts' }, retryAfterMs: 7 });
    const error = withTierLimit(thrown, standardTier) as RpcError;
    expect(error).toMatchObject({
      code: thrown.code,
      reason: thrown.reason,
      message: `no; the tier standard allows ${words}`,
      metadata: { more: 'facts', tier: 'standard', ...metadata },
      retryAfterMs: 7,
    });
  });

  it('and any other is as it was', () => {
    const others = [rpcError(ErrorReason.STATEMENT_INVALID, 'no'), new Error('no')];
    for (const error of others) expect(withTierLimit(error, standardTier)).toBe(error);
  });

  it('in a stream after what came before it', async () => {
    const seen: number[] = [];
    const read = async () => {
      const messages = async function* () {
        yield 1;
        throw rpcError(ErrorReason.DEADLINE_EXCEEDED, 'late');
      };
      for await (const message of withTierLimits(messages(), standardTier)) seen.push(message);
    };
    await expect(read()).rejects.toMatchObject({ metadata: { tier: 'standard' } });
    expect(seen).toEqual([1]);
  });
});
