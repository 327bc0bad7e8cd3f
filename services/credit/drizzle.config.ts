import { defineConfig } from 'drizzle-kit';

/** `drizzle-kit generate --config services/credit/drizzle.config.ts --name <verb_phrase>`, from the root. */
export default defineConfig({
  dialect: 'postgresql',
  schema: './services/credit/store/schema.ts',
  out: './services/credit/store/migrations',
});
