import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ConfigError } from './config.ts';
import { dataPaths, readMeshConfig } from './mesh-config.ts';

const key = '{"kty":"OKP","crv":"Ed25519","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A","x":"11qY"}';

describe('the settings of a process', () => {
  it('need nothing to be set', () => {
    expect(readMeshConfig({})).toEqual({
      dataDirectory: resolve('.trellis'),
      databaseUrl: undefined,
      discovery: 'registry',
      endpoints: new Map(),
      meshKey: undefined,
      logLevel: 'info',
    });
  });

  it('are read', () => {
    const config = readMeshConfig({
      TRELLIS_DATA_DIR: '/var/lib/trellis',
      TRELLIS_DATABASE_URL: 'postgres://h/d',
      TRELLIS_DISCOVERY: 'static',
      TRELLIS_DISCOVERY_ENDPOINTS: 'iam=h:1',
      TRELLIS_MESH_KEY: key,
      TRELLIS_LOG_LEVEL: 'debug',
    });
    expect(config).toMatchObject({
      dataDirectory: '/var/lib/trellis',
      discovery: 'static',
      logLevel: 'debug',
    });
    expect(config.meshKey?.publicKey).not.toHaveProperty('d');
    expect(config.endpoints.get('iam')).toHaveLength(1);
  });

  it('with static discovery must say where services are', () => {
    expect(() => readMeshConfig({ TRELLIS_DISCOVERY: 'static' })).toThrow(ConfigError);
  });

  it.each([
    ['is cut', key.slice(0, -3)],
    ['is not JSON', 'nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A'],
    ['is null', 'null'],
    ['is a public key', key.replace(/"d":"[^"]*",/, '')],
  ])('with a mesh key that %s do not quote it', (_, value) => {
    const read = () => readMeshConfig({ TRELLIS_MESH_KEY: value });
    expect(read).toThrow('TRELLIS_MESH_KEY the mesh key must be a private Ed25519 key');
    expect(read).not.toThrow('nWGxne');
  });
});

it('the embedded mesh keeps everything under its data directory', () => {
  for (const path of Object.values(dataPaths('/data'))) expect(path).toMatch(/^\/data\//);
});
