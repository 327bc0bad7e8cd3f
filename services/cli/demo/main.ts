#!/usr/bin/env node
import { Command } from 'commander';
import { defaultUrl } from '../cli.ts';
import { CliError } from '../failure.ts';
import { escapeControls } from '../output/escape.ts';
import { runDemo } from './steps.ts';

// A reader that has seen enough, such as head, is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));

const { url } = new Command('demo')
  .description('Loads the countries of the world into a new graph and asks it a few questions.')
  .option('--url <url>', 'where the mesh is', process.env.TRELLIS_URL || defaultUrl)
  .parse()
  .opts<{ url: string }>();

try {
  await runDemo({ url: url.replace(/\/+$/, ''), say: (text) => process.stdout.write(`${text}\n`) });
} catch (error) {
  if (!(error instanceof CliError)) throw error;
  process.stderr.write(`demo: ${escapeControls(error.message)}\n`);
  process.exitCode = 1;
}
