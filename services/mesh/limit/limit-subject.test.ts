import { describe, expect, it } from 'vitest';
import { toSubjectKey } from './limit-subject.ts';

describe('toSubjectKey', () => {
  it('keeps the bucket of a principal when its plan changes', () => {
    const free = toSubjectKey({ principalId: 'key_1', plan: 'free' });
    expect(free).toBe('principal/key_1');
    expect(toSubjectKey({ principalId: 'key_1', plan: 'premium' })).toBe(free);
  });

  it('never lets a principal and an address share a bucket', () => {
    expect(toSubjectKey({ principalId: '10.0.0.1', plan: 'free' })).not.toBe(
      toSubjectKey({ address: '10.0.0.1' }),
    );
  });

  it.each([
    ['10.0.0.1', 'address/10.0.0.1'],
    ['::ffff:10.0.0.1', 'address/10.0.0.1'],
    ['2001:db8:1:2:3:4:5:6', 'address/2001:db8:1:2::/64'],
    ['2001:0DB8:0001:2::9', 'address/2001:db8:1:2::/64'],
    ['2001:db8::1', 'address/2001:db8:0:0::/64'],
    ['2001:db8::2:3:4:5:6', 'address/2001:db8:0:2::/64'],
    ['64:ff9b::10.0.0.1', 'address/64:ff9b:0:0::/64'],
    ['fe80::1%eth0', 'address/fe80:0:0:0::/64'],
    ['::1', 'address/0:0:0:0::/64'],
    ['::', 'address/0:0:0:0::/64'],
    ['unix', 'address/unix'],
  ])('counts %s as %s', (address, key) => {
    expect(toSubjectKey({ address })).toBe(key);
  });
});
