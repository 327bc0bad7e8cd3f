import { defineConfig } from 'drizzle-kit';

export default defineConfig({
  dialect: 'postgresql',
  schema: './services/iam/store/schema.ts',
  out: './services/iam/store/migrations',
});
